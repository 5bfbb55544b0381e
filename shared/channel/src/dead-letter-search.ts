import type { DeadLetterFilter, DeadLetterReason, DeadLetterState, Lane, Role } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';

/** Which letters: some by number, or those that a filter matches. Its `channel` is not looked at here. */
export type Selection = { ids: readonly number[] } | { filter: DeadLetterFilter };

export interface DeadLetterRow {
  id: number;
  subject: string;
  eventId: string | null;
  role: Role | null;
  transferId: string | null;
  payoutId: string | null;
  lane: Lane | null;
  reason: DeadLetterReason;
  error: string;
  group: string;
  attempts: number;
  times: number;
  state: DeadLetterState;
  replays: number;
  createdAt: Date;
  lastAt: Date;
}

export interface DeadLetterDetailRow extends DeadLetterRow {
  routingKey: string;
  headers: Record<string, unknown>;
  body: Buffer;
  /** Its replays, newest first. */
  history: { at: Date; by: string }[];
}

export interface DeadLetterGroupRow {
  reason: DeadLetterReason;
  group: string;
  count: number;
  /** When the first and the last of them last died. */
  oldestAt: Date;
  newestAt: Date;
  /** The newest of them. */
  sampleId: number;
}

/** Groups in one answer; those left out are the smallest. */
const MAX_GROUPS = 200;

const SUMMARY = `id, subject, event_id as "eventId", role, transfer_id as "transferId",
                 payout_id as "payoutId", lane, reason, error,
                 error_group as "group", attempts, times, state, replays, created_at as "createdAt",
                 last_at as "lastAt"`;

// A message is bytes that need not be text. Escaped they are, so any of them can be searched, in either
// case of letters from A to Z; and nothing in what is searched for has a meaning of its own, as in LIKE.
const folded = (bytes: string): string => `lower(encode(${bytes}, 'escape'))`;

/** Holds for the letters of a selection, whose values are `$1` to `$10`. */
export const SELECTED = `
  ($1::bigint[] is null or id = any($1))
  and ($2::text is null or state = $2)
  and ($3::text is null or reason = $3)
  and ($4::text is null or error_group = $4)
  and ($5::uuid is null or transfer_id = $5)
  and ($6::text is null or lane = $6)
  and ($7::timestamptz is null or last_at >= $7)
  and ($8::timestamptz is null or last_at < $8)
  and ($9::bytea is null
       or position(${folded('$9')} in ${folded(`convert_to(error, 'UTF8')`)}) > 0
       or position(${folded('$9')} in ${folded('body')}) > 0)
  and ($10::uuid is null or payout_id = $10)`;

/** The values of `SELECTED`. */
export function selectedValues(selection: Selection): unknown[] {
  if ('ids' in selection) return [selection.ids, ...Array<null>(9).fill(null)];
  const { state, reason, group, transferId, payoutId, lane, since, until, q } = selection.filter;
  return [
    null,
    state === 'all' ? null : state,
    reason,
    // No group has a NUL, which PostgreSQL would not even take.
    group?.replaceAll('\0', '\uFFFD'),
    transferId,
    lane,
    since,
    until,
    q === undefined ? null : Buffer.from(q),
    payoutId,
  ];
}

/** A page of dead letters, newest first. */
export function listDeadLetters(
  db: Queryable,
  selection: Selection,
  { before, limit }: { before: number | null; limit: number },
): Promise<DeadLetterRow[]> {
  return db.query({
    name: 'dead-letters-list',
    text: `select ${SUMMARY} from dead_letters
           where ${SELECTED} and ($11::bigint is null or id < $11)
           order by id desc limit $12`,
    values: [...selectedValues(selection), before, limit],
  });
}

/** What they died of, the most frequent first. */
export function groupDeadLetters(db: Queryable, selection: Selection): Promise<DeadLetterGroupRow[]> {
  return db.query({
    name: 'dead-letters-group',
    text: `select reason, error_group as "group", count(*) as count, min(last_at) as "oldestAt",
                  max(last_at) as "newestAt", max(id) as "sampleId"
           from dead_letters where ${SELECTED}
           group by reason, error_group
           order by count desc, "newestAt" desc limit ${MAX_GROUPS}`,
    values: selectedValues(selection),
  });
}

/** One dead letter with the message as it came and what was done about it, or undefined. */
export async function findDeadLetter(db: Queryable, id: number): Promise<DeadLetterDetailRow | undefined> {
  const [row] = await db.query<DeadLetterDetailRow>({
    name: 'dead-letter-find',
    text: `select ${SUMMARY}, routing_key as "routingKey", headers, body from dead_letters where id = $1`,
    values: [id],
  });
  if (row === undefined) return undefined;
  const history = await db.query<DeadLetterDetailRow['history'][number]>({
    name: 'dead-letter-history',
    text: `select replayed_at as at, replayed_by as by from dead_letter_replays
           where letter_id = $1 order by id desc`,
    values: [id],
  });
  return { ...row, history };
}
