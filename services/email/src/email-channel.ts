import type { ChannelDefinition } from '@payfan/channel';
import { composeMail, type Mail } from './mail.ts';
import { smtpProvider, type SmtpOptions } from './smtp-client.ts';

/** Alerts by mail. */
export function emailChannel(options: SmtpOptions): ChannelDefinition<Mail> {
  return {
    name: 'email',
    address: ({ party }) => party.email,
    compose: composeMail,
    openProvider: () => smtpProvider(options),
  };
}
