import { runChannel } from '@payfan/channel';
import { main } from '@payfan/service';
import { config } from './config.ts';
import { pushChannel } from './push-channel.ts';

main(async () => {
  await runChannel(config(), ({ database }) => pushChannel(database));
});
