import { randomUUID } from 'node:crypto';
import { paymentRoutingKey, type PaymentEvent, type Role } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { claimDeliveries, recordOutcomes } from '../delivery-store.ts';
import type { DeadReason } from '../policy.ts';
import { recipientsOf } from '../recipient.ts';
import { toldOf } from '../told-of.ts';

interface Death {
  role?: Role;
  reason?: DeadReason;
  error?: string;
}

/** Leaves an alert dead and its letter open, as an engine does that gave it up. */
export async function letDie(
  database: Queryable,
  event: PaymentEvent,
  { role = 'payee', reason = 'rejected', error = '550 no such user' }: Death = {},
): Promise<void> {
  const claimant = { id: randomUUID(), seconds: 60 };
  const told = recipientsOf(event).find((recipient) => recipient.role === role);
  if (told === undefined) throw new Error(`event ${event.id} has no ${role} who is told of it`);
  const { accountId, phone: recipient } = told.party;
  const eventId = event.id;
  await claimDeliveries(database, claimant, [{ eventId, role, accountId, recipient, ...toldOf(event) }]);
  const deadLetter = {
    subject: `${eventId}.${role}`,
    reason,
    lane: event.lane,
    routingKey: paymentRoutingKey(event),
    headers: { traceparent: event.traceparent },
    body: Buffer.from(JSON.stringify(event)),
  };
  const made = { eventId, role, provider: 'pliable', reference: null, uncertain: false };
  await recordOutcomes(database, claimant.id, [
    { ...made, status: 'dead', error, nextAttemptInMs: null, deadLetter },
  ]);
}
