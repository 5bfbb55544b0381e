import { runChannel } from '@payfan/channel';
import { main } from '@payfan/service';
import { config } from './config.ts';
import { pushChannel } from './push-channel.ts';
import { createWebPush } from './web-push/web-push.ts';

main(async () => {
  const { FEED_DAYS, webPush, ...common } = config();
  await runChannel(common, ({ database }) => ({
    ...pushChannel(database, createWebPush(database, webPush)),
    forgets: [{ table: 'feed_events', days: FEED_DAYS }],
  }));
});
