import { channelContract, sandboxBehaviour } from '@payfan/channel/contract';
import { freePort, startProgram } from '@payfan/stack/testing';
import { phoneChannel } from './phone-channel.ts';
import { smsGateway } from './sms-gateway-client.ts';

interface Messages {
  data: { to: string; body: string }[];
}

channelContract({
  name: 'phone',
  provider: 'outside',
  showsNotes: false,
  async openWorld() {
    const port = String(await freePort());
    const url = `http://127.0.0.1:${port}`;
    const sandbox = await startProgram({
      name: 'sandbox',
      entry: 'services/sandbox/dist/main.js',
      env: { SANDBOX_PARTS: 'sms', SMS_PORT: port },
      readyUrls: [`${url}/readyz`],
    });
    return {
      definition: phoneChannel(() => [smsGateway(url)]),
      world: {
        knowsReferences: true,
        async arrived() {
          const { data } = (await (await fetch(`${url}/messages?limit=1000`)).json()) as Messages;
          return data.map(({ to, body }) => ({ to, text: body }));
        },
        behave: sandboxBehaviour(url),
        async close() {
          await sandbox.stop();
        },
      },
    };
  },
});
