import type { ChannelDefinition } from '@payfan/channel';
import { composeMail, type Mail } from './mail.ts';
import { smtpProvider, type SmtpOptions } from './smtp-client.ts';

/** Alerts by mail, through the SMTP servers in their order. */
export function emailChannel({
  smtpUrls,
  ...options
}: Omit<SmtpOptions, 'smtpUrl' | 'name'> & { smtpUrls: readonly string[] }): ChannelDefinition<Mail> {
  return {
    name: 'email',
    address: ({ party }) => party.email,
    compose: composeMail,
    openProviders: () =>
      smtpUrls.map((smtpUrl, index) =>
        smtpProvider({ ...options, smtpUrl, name: index === 0 ? 'smtp' : `smtp-${index + 1}` }),
      ),
  };
}
