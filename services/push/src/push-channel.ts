import type { ChannelDefinition, Provider } from '@payfan/channel';
import { liveTopology } from '@payfan/contracts';
import { gather, type Database } from '@payfan/database';
import { composeItem, type FeedItem } from './feed-item.ts';
import { appendToFeeds } from './feed-store.ts';
import { feedRoutes } from './http/feeds.ts';
import { countLivePublishes, LivePublisher } from './live-publisher.ts';
import type { WebPush } from './web-push/web-push.ts';

/** Items in one transaction. */
const BATCH = 200;

/** Alerts in the app: a durable feed for each account, its entries told live, and to browsers that are closed. */
export function pushChannel(database: Database, webPush?: WebPush): ChannelDefinition<FeedItem> {
  const published = countLivePublishes();
  return {
    name: 'push',
    topology: liveTopology,
    metrics: [published, ...(webPush?.metrics ?? [])],
    parts: (around) => webPush?.parts(around) ?? [],
    routes(api) {
      feedRoutes(api, database);
      webPush?.routes(api);
    },
    address: ({ party }) => party.accountId,
    compose: composeItem,
    openProviders(around) {
      const { lane } = around;
      const browsers = { lane, onJobs: () => webPush?.wake(lane) };
      const append = gather({
        maxItems: BATCH,
        work: (items: FeedItem[]) => appendToFeeds(database, items, browsers),
      });
      const live = new LivePublisher({ ...around, published });
      const feed: Provider<FeedItem> = {
        name: 'feed',
        // The transaction tells for certain whether it took place, except when its commit goes unanswered;
        // then it throws, and a further attempt finds the item or writes it.
        async send(item) {
          const entry = await append(item);
          // One that was there already, too: whoever wrote it may have died before telling of it.
          live.tell(entry);
          return { kind: 'sent', reference: String(entry.seq) };
        },
      };
      return [feed];
    },
  };
}
