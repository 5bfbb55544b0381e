import { channelContract } from '@payfan/channel/contract';
import type { FeedItem } from './feed-item.ts';
import { pushChannel } from './push-channel.ts';

channelContract({
  name: 'push',
  provider: 'ours',
  showsNotes: true,
  openWorld: ({ database }) =>
    Promise.resolve({
      definition: pushChannel(database),
      world: {
        knowsReferences: true,
        async arrived() {
          const rows = await database.query<{ to: string; data: FeedItem['data'] }>({
            text: 'select account_id as "to", data from feed_events',
          });
          return rows.map(({ to, data }) => ({ to, text: JSON.stringify(data) }));
        },
        behave: () => Promise.reject(new Error('our own database does as it is told')),
        close: () => Promise.resolve(),
      },
    }),
});
