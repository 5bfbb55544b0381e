import type { Lane } from '@payfan/contracts';
import type { Database, Queryable } from '@payfan/database';
import type { FeedEntry, FeedItem } from './feed-item.ts';
import { MOST_SUBSCRIPTIONS } from './web-push/subscription-store.ts';

/** Browsers that are to be told of what is new in a feed. */
export interface BrowsersToTell {
  /** The lane that they are told on. */
  lane: Lane;
  /** Called once jobs for them are committed. */
  onJobs: () => void;
}

/**
 * Appends items to their accounts' feeds in one transaction and answers them with their places, in the order
 * asked. An item that is there already keeps its place. Numbers have no gaps: they are taken from a
 * row of the account that stays locked until the items are committed with it. What is new also becomes a job
 * for each browser of its account, in the same transaction.
 */
export async function appendToFeeds(
  database: Database,
  items: readonly FeedItem[],
  { lane, onJobs }: BrowsersToTell = { lane: 'interactive', onJobs: () => undefined },
): Promise<FeedEntry[]> {
  const { entries, jobs } = await database.transaction(async (tx) => {
    await lockHeads(tx, items);
    const jobs = await insertItems(tx, items, lane);
    const found = await findPlaces(tx, items);
    const entries = items.map((item) => {
      const place = found.get(keyOf(item));
      if (place === undefined) throw new Error(`feed item of event ${item.eventId} was not written`);
      return { ...item, seq: place.seq, createdAt: place.createdAt };
    });
    return { entries, jobs };
  });
  if (jobs > 0) onJobs();
  return entries;
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

/**
 * A statement of its own: only one that begins after the locks sees what the previous holder wrote. Answers how
 * many jobs came of it.
 */
async function insertItems(tx: Queryable, items: readonly FeedItem[], lane: Lane): Promise<number> {
  const [row] = await tx.query<{ jobs: number }>({
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
           ), moved as (
             update feed_heads h set last_seq = f.last_seq
             from (select account_id, max(seq) as last_seq from fresh group by account_id) f
             where h.account_id = f.account_id
           ), job as (
             insert into web_push_jobs (subscription_id, account_id, seq, lane)
             select s.id, f.account_id, f.seq, $5 from fresh f
             -- Lateral and limited, it is one look into the index for each item, whatever the planner knows.
             cross join lateral (
               select id from web_push_subscriptions
               where account_id = f.account_id and (expires_at is null or expires_at > now())
               limit $6
             ) s
             returning 1
           )
           select count(*) as jobs from job`,
    values: [
      items.map((item) => item.accountId),
      items.map((item) => item.eventId),
      items.map((item) => item.type),
      items.map((item) => JSON.stringify(item.data)),
      lane,
      MOST_SUBSCRIPTIONS,
    ],
  });
  return row?.jobs ?? 0;
}

type Place = Pick<FeedEntry, 'accountId' | 'eventId' | 'seq' | 'createdAt'>;

async function findPlaces(tx: Queryable, items: readonly FeedItem[]): Promise<Map<string, Place>> {
  const rows = await tx.query<Place>({
    name: 'feed-find-places',
    text: `select account_id as "accountId", event_id as "eventId", seq, created_at as "createdAt"
           from feed_events join unnest($1::uuid[], $2::uuid[]) as i(account_id, event_id) using (account_id, event_id)`,
    values: [items.map((item) => item.accountId), items.map((item) => item.eventId)],
  });
  return new Map(rows.map((row) => [keyOf(row), row]));
}

const keyOf = ({ accountId, eventId }: Pick<FeedItem, 'accountId' | 'eventId'>): string =>
  `${accountId}.${eventId}`;
