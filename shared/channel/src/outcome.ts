import type { Lane, PaymentEvent, Role } from '@payfan/contracts';
import type { Incoming } from '@payfan/messaging';
import type { Outcome } from './delivery-store.ts';
import type { Decision } from './policy.ts';
import { alertReference } from './recipient.ts';

/** Which delivery a decision is about, and the message that it came with. */
interface About {
  event: PaymentEvent;
  incoming: Incoming;
  role: Role;
  lane: Lane;
  /** Who made the attempt; null if none was made. */
  provider: string | null;
}

/** What is to be recorded of a decision. */
export function outcomeOf(decision: Decision, { event, incoming, role, lane, provider }: About): Outcome {
  const delivery = { eventId: event.id, role, provider };
  if (decision.kind === 'sent') {
    const { reference } = decision;
    return { ...delivery, status: 'sent', uncertain: false, reference, error: null, deadLetter: null };
  }
  const failed = { ...delivery, uncertain: decision.uncertain, reference: null, error: decision.error };
  if (decision.kind === 'retry') return { ...failed, status: 'retrying', deadLetter: null };
  const { routingKey, headers, body } = incoming;
  const subject = alertReference(event.id, role);
  const deadLetter = { subject, reason: decision.reason, lane, routingKey, headers, body };
  return { ...failed, status: 'dead', deadLetter };
}
