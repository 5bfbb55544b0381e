import { channelContract, sandboxBehaviour } from '@payfan/channel/contract';
import { freePort, startProgram } from '@payfan/stack/testing';
import { emailChannel } from './email-channel.ts';

interface Mails {
  items: { To: { Mailbox: string; Domain: string }[]; Raw: { Data: string } }[];
}

channelContract({
  name: 'email',
  provider: 'outside',
  showsNotes: true,
  async openWorld() {
    const [smtpPort, mailPort] = [String(await freePort()), String(await freePort())];
    const url = `http://127.0.0.1:${mailPort}`;
    const sandbox = await startProgram({
      name: 'sandbox',
      entry: 'services/sandbox/dist/main.js',
      env: { SANDBOX_PARTS: 'mail', SMTP_PORT: smtpPort, MAIL_PORT: mailPort },
      readyUrls: [`${url}/readyz`],
    });
    return {
      definition: emailChannel({
        smtpUrls: [`smtp://127.0.0.1:${smtpPort}`],
        from: { name: 'Payfan', address: 'alerts@payfan.example' },
        connections: 20,
      }),
      world: {
        // SMTP has no question to ask.
        knowsReferences: false,
        async arrived() {
          const { items } = (await (await fetch(`${url}/api/v2/messages?limit=1000`)).json()) as Mails;
          return items.flatMap(({ To, Raw }) =>
            To.map(({ Mailbox, Domain }) => ({ to: `${Mailbox}@${Domain}`, text: Raw.Data })),
          );
        },
        behave: sandboxBehaviour(url),
        async close() {
          await sandbox.stop();
        },
      },
    };
  },
});
