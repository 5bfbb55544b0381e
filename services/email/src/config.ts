import { channelConfigFields } from '@payfan/channel';
import { configFields, readConfig } from '@payfan/service';
import { z } from 'zod';

/** `Payfan <alerts@payfan.example>`. */
const SENDER = /^([^<>"\p{Cc}]{1,64}) <([^\s<>"@]+@[^\s<>"@]+)>$/u;

const EmailConfig = z.object({
  ...channelConfigFields({ port: 4043, concurrency: 40 }),
  /** SMTP servers in the order of preference. */
  SMTP_URL: configFields.urls({ schemes: ['smtp', 'smtps'] }),
  /** Whom mail comes from; its domain also names our Message-IDs. */
  MAIL_FROM: z
    .string()
    .default('Payfan <alerts@payfan.example>')
    .refine((text) => SENDER.test(text))
    .transform((text) => {
      const [, name = '', address = ''] = SENDER.exec(text) ?? [];
      return { name, address };
    })
    .describe('a name and an address, such as Payfan <alerts@payfan.example>'),
});

export const config = () => readConfig(EmailConfig);
