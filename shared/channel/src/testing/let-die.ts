import { randomUUID } from 'node:crypto';
import type { DeadLetterReason, Role, TransferCompleted } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { claimDeliveries, recordOutcomes } from '../delivery-store.ts';

interface Death {
  role?: Role;
  reason?: Exclude<DeadLetterReason, 'unreadable'>;
  error?: string;
}

/** Leaves an alert dead and its letter open, as an engine does that gave it up. */
export async function letDie(
  database: Queryable,
  event: TransferCompleted,
  { role = 'payee', reason = 'rejected', error = '550 no such user' }: Death = {},
): Promise<void> {
  const claimant = { id: randomUUID(), seconds: 60 };
  const { transferId, createdAt: committedAt } = event.data;
  const { accountId, phone: recipient } = event.data[role];
  const eventId = event.id;
  await claimDeliveries(database, claimant, [
    { eventId, role, transferId, accountId, recipient, committedAt },
  ]);
  const deadLetter = {
    subject: `${eventId}.${role}`,
    reason,
    lane: event.lane,
    routingKey: `transfer.completed.${event.lane}`,
    headers: { traceparent: event.traceparent },
    body: Buffer.from(JSON.stringify(event)),
  };
  const made = { eventId, role, provider: 'pliable', reference: null, uncertain: false };
  await recordOutcomes(database, claimant.id, [{ ...made, status: 'dead', error, deadLetter }]);
}
