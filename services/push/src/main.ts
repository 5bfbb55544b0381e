import { runChannel } from '@payfan/channel';
import { main } from '@payfan/service';
import { config } from './config.ts';
import { pushChannel } from './push-channel.ts';

main(async () => {
  const { FEED_DAYS, ...common } = config();
  await runChannel(common, ({ database }) => ({
    ...pushChannel(database),
    forgets: [{ table: 'feed_events', days: FEED_DAYS }],
  }));
});
