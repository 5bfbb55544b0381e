import type { ChannelDefinition, Provider } from '@payfan/channel';
import { gather, type Database } from '@payfan/database';
import { composeItem, type FeedItem } from './feed-item.ts';
import { appendToFeeds } from './feed-store.ts';

/** Items in one transaction. */
const BATCH = 200;

/** Alerts in the app: a durable feed for each account. */
export function pushChannel(database: Database): ChannelDefinition<FeedItem> {
  return {
    name: 'push',
    address: ({ party }) => party.accountId,
    compose: composeItem,
    openProviders() {
      const append = gather({ maxItems: BATCH, work: (items: FeedItem[]) => appendToFeeds(database, items) });
      const feed: Provider<FeedItem> = {
        name: 'feed',
        // The transaction tells for certain whether it took place, except when its commit goes unanswered;
        // then it throws, and a further attempt finds the item or writes it.
        send: async (item) => ({ kind: 'sent', reference: String(await append(item)) }),
      };
      return [feed];
    },
  };
}
