import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';
import { waitFor } from './wait.ts';

let server: Server;
let heard: string;
let proxy: TcpProxy;
let client: Socket;
let answered: string;

beforeEach(async () => {
  heard = '';
  answered = '';
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString();
      socket.write(chunk.toString().toUpperCase());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy = await startTcpProxy(url);
  client = connect({ host: '127.0.0.1', port: Number(new URL(proxy.through(url)).port), noDelay: true });
  client.on('error', () => undefined);
  client.on('data', (chunk: Buffer) => (answered += chunk.toString()));
  await once(client, 'connect');
});
afterEach(async () => {
  client.destroy();
  await proxy.stop();
  server.close();
});

/** Says something and waits until it is answered. */
async function say(text: string): Promise<void> {
  client.write(text);
  await waitFor(() => Promise.resolve(answered.endsWith(text.toUpperCase())), {
    what: `an answer to ${text}`,
  });
}

test('bytes that are waited for are found when they come in two pieces', async () => {
  const sprung = proxy.freezeBefore('commit');
  await say('begin com');
  client.write('mit');
  await sprung;
  expect(heard).toBe('begin com');
});

test('after the bytes nothing is answered, and after forwarding everything is', async () => {
  const sprung = proxy.freezeAfter('commit');
  client.write('commit');
  await sprung;
  await waitFor(() => Promise.resolve(heard === 'commit'), { what: 'the server hearing it' });
  expect(answered).toBe('');
  await proxy.forward();
  await waitFor(() => Promise.resolve(answered === 'COMMIT'), { what: 'the answer' });
});

test('bytes that were said before a trap was set do not spring it', async () => {
  void proxy.freezeBefore('something else');
  await say('commit');
  let isSprung = false;
  const sprung = proxy.freezeBefore('commit').then(() => (isSprung = true));
  await say('begin');
  expect(isSprung).toBe(false);
  client.write('commit');
  await sprung;
  expect(heard).toBe('commitbegin');
});
