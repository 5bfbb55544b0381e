import type { Lane } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { FeedEntry, FeedItem } from './feed-item.ts';
import { MOST_SUBSCRIPTIONS } from './web-push/subscription-store.ts';

/** Browsers that are to be told of what is new in a feed. */
export interface BrowsersToTell {
  /** The lane that they are told on. */
  lane: Lane;
  /** Called once jobs for them are committed. */
  onJobs: () => void;
}

interface Place extends Pick<FeedEntry, 'seq' | 'createdAt'> {
  /** Of all items together. */
  jobs: number;
}

/**
 * Appends items to their accounts' feeds in one transaction and answers them with their places, in the order
 * asked. An item that is there already keeps its place, and numbers have no gaps. What is new also becomes a job
 * for each browser of its account, in the same transaction.
 */
export async function appendToFeeds(
  db: Queryable,
  items: readonly FeedItem[],
  { lane, onJobs }: BrowsersToTell = { lane: 'interactive', onJobs: () => undefined },
): Promise<FeedEntry[]> {
  const places = await db.query<Place>({
    name: 'feed-append',
    text: `select seq, created_at as "createdAt", jobs from append_to_feeds($1, $2, $3, $4, $5, $6) order by n`,
    values: [
      items.map((item) => item.accountId),
      items.map((item) => item.eventId),
      items.map((item) => item.type),
      items.map((item) => JSON.stringify(item.data)),
      lane,
      MOST_SUBSCRIPTIONS,
    ],
  });
  if ((places[0]?.jobs ?? 0) > 0) onJobs();
  return items.map((item, index) => {
    const place = places[index];
    if (place === undefined) throw new Error(`feed item of event ${item.eventId} was not written`);
    return { ...item, seq: place.seq, createdAt: place.createdAt };
  });
}
