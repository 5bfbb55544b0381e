import type { Database, Queryable } from '@payfan/database';
import type { FeedItem } from './feed-item.ts';

/**
 * Appends items to their accounts' feeds in one transaction and answers their sequence numbers, in the
 * order asked. An item that is there already keeps its number. Numbers have no gaps: they are taken from a
 * row of the account that stays locked until the items are committed with it.
 */
export function appendToFeeds(database: Database, items: readonly FeedItem[]): Promise<number[]> {
  return database.transaction(async (tx) => {
    await lockHeads(tx, items);
    await insertItems(tx, items);
    const found = await findSequences(tx, items);
    return items.map((item) => {
      const seq = found.get(keyOf(item));
      if (seq === undefined) throw new Error(`feed item of event ${item.eventId} was not written`);
      return seq;
    });
  });
}

/** Locks in the order of account ids, so that two batches never wait for each other crosswise. */
async function lockHeads(tx: Queryable, items: readonly FeedItem[]): Promise<void> {
  const accountIds = [...new Set(items.map((item) => item.accountId))].sort();
  await tx.query({
    name: 'feed-lock-heads',
    // An update that changes nothing locks the row just as well, whether it is new or not.
    text: `insert into feed_heads as h (account_id, last_seq)
           select account_id, 0 from unnest($1::uuid[]) with ordinality as a(account_id, n) order by n
           on conflict (account_id) do update set last_seq = h.last_seq`,
    values: [accountIds],
  });
}

/** A statement of its own: only one that begins after the locks sees what the previous holder wrote. */
async function insertItems(tx: Queryable, items: readonly FeedItem[]): Promise<void> {
  await tx.query({
    name: 'feed-insert-items',
    text: `with item as (
             select distinct on (account_id, event_id) *
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[])
               with ordinality as i(account_id, event_id, type, data, n)
             order by account_id, event_id, n
           ), fresh as (
             select i.*, h.last_seq + row_number() over (partition by account_id order by n) as seq
             from item i join feed_heads h using (account_id)
             where not exists (select from feed_events e where e.account_id = i.account_id and e.event_id = i.event_id)
           ), inserted as (
             insert into feed_events (account_id, seq, event_id, type, data)
             select account_id, seq, event_id, type, data from fresh
           )
           update feed_heads h set last_seq = f.last_seq
           from (select account_id, max(seq) as last_seq from fresh group by account_id) f
           where h.account_id = f.account_id`,
    values: [
      items.map((item) => item.accountId),
      items.map((item) => item.eventId),
      items.map((item) => item.type),
      items.map((item) => JSON.stringify(item.data)),
    ],
  });
}

async function findSequences(tx: Queryable, items: readonly FeedItem[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ accountId: string; eventId: string; seq: number }>({
    name: 'feed-find-sequences',
    text: `select account_id as "accountId", event_id as "eventId", seq
           from feed_events join unnest($1::uuid[], $2::uuid[]) as i(account_id, event_id) using (account_id, event_id)`,
    values: [items.map((item) => item.accountId), items.map((item) => item.eventId)],
  });
  return new Map(rows.map((row) => [keyOf(row), row.seq]));
}

const keyOf = ({ accountId, eventId }: Pick<FeedItem, 'accountId' | 'eventId'>): string =>
  `${accountId}.${eventId}`;
