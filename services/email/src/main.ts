import { runChannel } from '@payfan/channel';
import { main } from '@payfan/service';
import { config } from './config.ts';
import { emailChannel } from './email-channel.ts';

main(async () => {
  const { SMTP_URL, MAIL_FROM, ...common } = config();
  await runChannel(common, () =>
    emailChannel({
      smtpUrls: SMTP_URL,
      from: MAIL_FROM,
      connections: common.CONCURRENCY,
    }),
  );
});
