import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { flood, freePort, startProgram, waitFor, type Program } from '@payfan/stack/testing';
import { smtpProvider } from './smtp-client.ts';

interface Inbox {
  total: number;
  items: {
    Content: { Headers: Record<string, string[]> };
    To: { Mailbox: string; Domain: string }[];
    Raw: { From: string; To: string[] };
  }[];
}

let sandbox: Program;
let smtpUrl: string;
let mailUrl: string;

beforeAll(async () => {
  const [smtpPort, mailPort] = [String(await freePort()), String(await freePort())];
  smtpUrl = `smtp://127.0.0.1:${smtpPort}`;
  mailUrl = `http://127.0.0.1:${mailPort}`;
  sandbox = await startProgram({
    name: 'sandbox',
    entry: 'services/sandbox/dist/main.js',
    env: { SANDBOX_PARTS: 'mail', SMTP_PORT: smtpPort, MAIL_PORT: mailPort },
    readyUrls: [`${mailUrl}/readyz`],
  });
});
afterAll(async () => {
  await sandbox.stop();
});

const open = (url = smtpUrl) =>
  smtpProvider({
    name: 'smtp',
    smtpUrl: url,
    from: { name: 'Payfan', address: 'alerts@payfan.example' },
    connections: 2,
  });
const mailTo = (address: string, name = 'Ravi') => ({
  to: { name, address },
  subject: 'Hello',
  text: 'text',
  html: '<p>html</p>',
});
const signal = new AbortController().signal;
const inbox = async () => (await (await fetch(`${mailUrl}/api/v2/messages?limit=200`)).json()) as Inbox;

test('a mail carries our reference as its Message-ID, on every attempt the same', async () => {
  const provider = open();
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const result = await provider.send(mailTo('twice@example.com'), { reference: 'event-1.payer', signal });
    expect(result).toEqual({ kind: 'sent', reference: '<event-1.payer@payfan.example>' });
  }
  const { items } = await inbox();
  const ids = items
    .filter(({ Raw }) => Raw.To.includes('twice@example.com'))
    .map(({ Content }) => Content.Headers['Message-ID']);
  expect(ids).toEqual([['<event-1.payer@payfan.example>'], ['<event-1.payer@payfan.example>']]);
  await provider.stop?.();
});

test.each(['Ravi\r\nBcc: evil@example.com', '"Ravi" <evil@example.com>, x', 'evil@example.com,'])(
  'the name %j adds no recipient and no header',
  async (name) => {
    const provider = open();
    const address = `named-${name.length}@example.com`;
    await provider.send(mailTo(address, name), { reference: `named-${name.length}`, signal });
    const [mail] = (await inbox()).items.filter(({ Raw }) => Raw.To.includes(address));
    expect(mail?.Raw.To).toEqual([address]);
    expect(Object.keys(mail?.Content.Headers ?? {})).not.toContain('Bcc');
    await provider.stop?.();
  },
);

test('nobody listening is a failure, not an unknown', async () => {
  const provider = open(`smtp://127.0.0.1:${await freePort()}`);
  const result = await provider.send(mailTo('x@example.com'), { reference: 'r', signal });
  expect(result.kind).toBe('failed');
  await provider.stop?.();
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** The sandbox's server by way of one of the test's own, which passes on what clients send unless told that it leaves. */
async function disturbed(leaves: (client: Socket, session: number) => boolean) {
  let sessions = 0;
  const server = createServer((client) => {
    const session = (sessions += 1);
    const sandboxSide = connect(Number(new URL(smtpUrl).port));
    sandboxSide.pipe(client);
    client.on('data', (chunk) => {
      if (!leaves(client, session)) sandboxSide.write(chunk);
    });
    client.on('close', () => sandboxSide.destroy());
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions: () => sessions,
  };
}

test('a session serves one mail after the other', async () => {
  const server = await disturbed(() => false);
  const provider = open(server.url);
  const send = (reference: string) => provider.send(mailTo('kept@example.com'), { reference, signal });
  expect(await send('first')).toMatchObject({ kind: 'sent' });
  expect(await send('second')).toMatchObject({ kind: 'sent' });
  expect(server.sessions()).toBe(1);
  await provider.stop?.();
});

test.each([
  ['hangs up', (client: Socket) => client.destroy()],
  ['says that it closes', (client: Socket) => client.write('421 Too long a session\r\n')],
])(
  'a server that %s before it takes anything of a mail gets it in another session, once',
  async (how, leave) => {
    let isLeaving = false;
    const server = await disturbed((client, session) => {
      if (!isLeaving || session > 1) return false;
      leave(client);
      return true;
    });
    const provider = open(server.url);
    const address = `${how.replaceAll(' ', '-')}@example.com`;
    const send = (reference: string) => provider.send(mailTo(address), { reference, signal });
    expect(await send('before')).toMatchObject({ kind: 'sent' });
    isLeaving = true;
    expect(await send('after')).toMatchObject({ kind: 'sent' });
    expect(server.sessions()).toBe(2);
    expect((await inbox()).items.filter(({ Raw }) => Raw.To.includes(address))).toHaveLength(2);
    await provider.stop?.();
  },
);

/** A server that takes a mail up to `command`, and then replies without end. */
async function endlessAfter(command: RegExp | 'connecting', line: string) {
  const ends: string[] = [];
  const server = createServer((client) => {
    const begin = () => void flood(client, line).then((end) => ends.push(end));
    if (command === 'connecting') {
      begin();
      return;
    }
    client.write('220 ready\r\n');
    client.on('data', (chunk) => {
      const said = chunk.toString();
      if (command.test(said)) begin();
      else client.write(said.startsWith('DATA') ? '354 go on\r\n' : '250 ok\r\n');
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, ends };
}

test.each<[RegExp | 'connecting', string, string]>([
  ['connecting', '220-more\r\n', 'failed'],
  ['connecting', 'x', 'failed'],
  [/^EHLO/, '250-more\r\n', 'failed'],
  [/^RCPT/, '250-more\r\n', 'failed'],
  [/\r\n\.\r\n$/, '250-more\r\n', 'unknown'],
  [/\r\n\.\r\n$/, 'x', 'unknown'],
])(
  'a reply of 100 MB after %s, in pieces of %j, is cut off: the mail is %s…',
  async (command, line, kind) => {
    const server = await endlessAfter(command, line);
    const provider = open(server.url);
    const result = await provider.send(mailTo('x@example.com'), { reference: 'r', signal });
    expect(result).toEqual({ kind, error: expect.stringContaining('exceeds maximum allowed size') });
    await waitFor(() => Promise.resolve(server.ends.length > 0), {
      what: 'the reply ending',
    });
    expect(server.ends).toEqual(['cut off']);
    await provider.stop?.();
  },
);
