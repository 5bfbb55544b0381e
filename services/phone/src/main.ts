import { runChannel } from '@payfan/channel';
import { main } from '@payfan/service';
import { config } from './config.ts';
import { phoneChannel } from './phone-channel.ts';
import { smsGateway } from './sms-gateway-client.ts';

main(async () => {
  const { SMS_URL, ...common } = config();
  await runChannel(common, () => phoneChannel(() => SMS_URL.map(smsGateway)));
});
