import type { Queryable } from '@payfan/database';
import { createHash } from 'node:crypto';

/** A message that is no event we know, with all that is known of it. */
export interface UnreadableMessage {
  reason: 'unreadable' | 'delivery_limit';
  error: string;
  lane: string | null;
  routingKey: string;
  headers: Record<string, unknown>;
  body: Buffer;
}

/** Keeps it, once: the same bytes again (a redelivery, say) only raise its count. */
export async function storeUnreadable(db: Queryable, message: UnreadableMessage): Promise<void> {
  await db.query({
    name: 'dead-letter-store',
    text: `insert into dead_letters as l (subject, lane, reason, error, attempts, routing_key, headers, body)
           values ($1, $2, $3, $4, 0, $5, $6, $7)
           on conflict (subject) do update
             set reason = excluded.reason, error = excluded.error, headers = excluded.headers,
                 times = l.times + 1, last_at = clock_timestamp()`,
    values: [
      `sha256:${createHash('sha256').update(message.routingKey).update('\0').update(message.body).digest('hex')}`,
      message.lane,
      message.reason,
      message.error,
      message.routingKey,
      JSON.stringify(message.headers),
      message.body,
    ],
  });
}

export interface DeadLetterRow {
  id: number;
  subject: string;
  eventId: string | null;
  role: string | null;
  transferId: string | null;
  lane: string | null;
  reason: string;
  error: string;
  attempts: number;
  times: number;
  createdAt: Date;
  lastAt: Date;
}

export interface DeadLetterDetailRow extends DeadLetterRow {
  routingKey: string;
  headers: Record<string, unknown>;
  body: Buffer;
}

const SUMMARY = `id, subject, event_id as "eventId", role, transfer_id as "transferId", lane, reason, error, attempts,
                 times, created_at as "createdAt", last_at as "lastAt"`;

/** A page of dead letters, newest first. */
export function listDeadLetters(
  db: Queryable,
  { before, limit }: { before: number | null; limit: number },
): Promise<DeadLetterRow[]> {
  return db.query({
    name: 'dead-letters-list',
    text: `select ${SUMMARY} from dead_letters where $1::bigint is null or id < $1 order by id desc limit $2`,
    values: [before, limit],
  });
}

/** One dead letter with the message as it came, or undefined. */
export async function findDeadLetter(db: Queryable, id: number): Promise<DeadLetterDetailRow | undefined> {
  const [row] = await db.query<DeadLetterDetailRow>({
    name: 'dead-letter-find',
    text: `select ${SUMMARY}, routing_key as "routingKey", headers, body from dead_letters where id = $1`,
    values: [id],
  });
  return row;
}
