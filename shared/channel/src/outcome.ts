import type { Lane, PaymentEvent, Role } from '@payfan/contracts';
import type { Incoming } from '@payfan/messaging';
import type { Attempted } from './attempt.ts';
import type { Outcome } from './delivery-store.ts';
import { firstRoutingKey } from './headers.ts';
import type { Decision } from './policy.ts';
import { alertReference } from './recipient.ts';

/** Which delivery a decision is about, and the message that it came with. */
interface About extends Pick<Attempted, 'provider' | 'uncertain'> {
  event: PaymentEvent;
  incoming: Incoming;
  role: Role;
  lane: Lane;
}

/** What is to be recorded of a decision. */
export function outcomeOf(
  decision: Decision,
  { event, incoming, role, lane, provider, uncertain }: About,
): Outcome {
  if (decision.kind === 'sent') {
    return {
      eventId: event.id,
      role,
      provider,
      status: 'sent',
      uncertain: false,
      reference: decision.reference,
      error: null,
      nextAttemptInMs: null,
      deadLetter: null,
    };
  }
  const failed = { eventId: event.id, role, provider, uncertain, reference: null, error: decision.error };
  if (decision.kind === 'retry') {
    return { ...failed, status: 'retrying', nextAttemptInMs: decision.waitMs, deadLetter: null };
  }
  // A held message is attempted as soon as a provider works, so no time can be named.
  if (decision.kind === 'held')
    return { ...failed, status: 'retrying', nextAttemptInMs: null, deadLetter: null };
  const { headers, body } = incoming;
  const subject = alertReference(event.id, role);
  const routingKey = firstRoutingKey(incoming);
  const deadLetter = { subject, reason: decision.reason, lane, routingKey, headers, body };
  return { ...failed, status: 'dead', nextAttemptInMs: null, deadLetter };
}
