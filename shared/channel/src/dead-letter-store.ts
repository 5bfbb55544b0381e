import { createHash } from 'node:crypto';
import type { Queryable } from '@payfan/database';
import { normaliseError } from './normalise-error.ts';
import { storableJson, storableText } from './storable.ts';

/**
 * What becomes of a letter `l` whose subject dies again: it is open again whatever was done about it, says
 * what it died of last, and counts. Whoever was replaying it sees by `times` that this is another death.
 */
export const DIED_AGAIN = `
  reason = excluded.reason, error = excluded.error, error_group = excluded.error_group, lane = excluded.lane,
  routing_key = excluded.routing_key, headers = excluded.headers, body = excluded.body,
  state = 'open', replaying_until = null, times = l.times + 1, last_at = clock_timestamp()`;

/** A message from which no delivery was made, with all that is known about it. */
export interface UnreadableMessage {
  reason: 'unreadable' | 'delivery_limit' | 'untrusted_publisher';
  error: string;
  lane: string | null;
  /** The one that it was first published with: replayed, it is still the same message. */
  routingKey: string;
  headers: Record<string, unknown>;
  body: Buffer;
}

/** Keeps it, once: the same bytes again (a redelivery or a replay, say) reopen it and raise its count. */
export async function storeUnreadable(db: Queryable, message: UnreadableMessage): Promise<void> {
  await db.query({
    name: 'dead-letter-store',
    text: `insert into dead_letters as l (subject, lane, reason, error, error_group, attempts, routing_key, headers, body)
           values ($1, $2, $3, $4, $5, 0, $6, $7, $8)
           on conflict (subject) do update set ${DIED_AGAIN}`,
    values: [
      subjectOf(message),
      message.lane,
      message.reason,
      storableText(message.error),
      normaliseError(message.error),
      storableText(message.routingKey),
      storableJson(message.headers),
      message.body,
    ],
  });
}

/** An untrusted message has a dead letter of its own, so that it cannot replace one that may be replayed. */
function subjectOf({ reason, routingKey, body }: UnreadableMessage): string {
  const digest = createHash('sha256').update(routingKey).update('\0').update(body).digest('hex');
  return reason === 'untrusted_publisher' ? `untrusted:sha256:${digest}` : `sha256:${digest}`;
}

/** How many wait for somebody to do something about them. */
export async function countOpenLetters(db: Queryable): Promise<number> {
  const [row] = await db.query<{ open: number }>({
    name: 'dead-letters-count-open',
    text: `select count(*) as open from dead_letters where state = 'open'`,
  });
  return row?.open ?? 0;
}
