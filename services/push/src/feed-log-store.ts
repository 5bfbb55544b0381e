import type { FeedsRead, ReadFeeds } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { liveEventOf } from './live-event.ts';

type Feed = FeedsRead['feeds'][number];

/** A row for each event, and one without an event for a feed that holds none after the number asked. */
interface Row {
  /** Which of the feeds asked for, from 1. */
  n: number;
  accountId: string;
  lastSeq: number;
  firstSeq: number | null;
  seq: number | null;
  eventId: string;
  type: string;
  data: unknown;
  createdAt: Date;
}

/**
 * What each feed holds after a number: at most `limit` events, the oldest first. Answered in the order asked,
 * as of one moment.
 */
export async function readFeeds(db: Queryable, feeds: ReadFeeds['feeds'], limit: number): Promise<Feed[]> {
  const rows = await db.query<Row>({
    name: 'feed-log-read',
    // The newest number is in the head: retention may have removed the event that had it.
    text: `select n, f.account_id as "accountId", coalesce(h.last_seq, 0) as "lastSeq", oldest.seq as "firstSeq",
                  e.seq, e.event_id as "eventId", e.type, e.data, e.created_at as "createdAt"
           from unnest($1::uuid[], $2::bigint[]) with ordinality as f(account_id, after, n)
           -- Each by its key: a plan made while the table is small would read all of it, and is kept.
           left join lateral (select last_seq from feed_heads where account_id = f.account_id offset 0) h on true
           left join lateral (
             select seq from feed_events where account_id = f.account_id order by seq limit 1
           ) oldest on true
           left join lateral (
             select seq, event_id, type, data, created_at from feed_events
             where account_id = f.account_id and seq > f.after order by seq limit $3
           ) e on true
           order by n, e.seq`,
    values: [feeds.map(({ accountId }) => accountId), feeds.map(({ after }) => after), limit],
  });
  const found: Feed[] = [];
  for (const row of rows) {
    const { n, accountId, lastSeq, firstSeq, seq } = row;
    const feed = (found[n - 1] ??= { accountId, lastSeq, firstSeq: firstSeq ?? lastSeq + 1, events: [] });
    if (seq !== null) feed.events.push(liveEventOf(accountId, { ...row, seq }));
  }
  return found;
}
