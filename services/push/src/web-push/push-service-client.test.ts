import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePort, waitFor } from '@payfan/stack/testing';
import webPush from 'web-push';
import { someBrowser } from '../testing/some-browser.ts';
import { pushServiceClient } from './push-service-client.ts';
import type { Resolve } from './public-address.ts';

const sender = { keys: webPush.generateVAPIDKeys(), subject: 'mailto:operator@payfan.example' };
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function clientOf(sandboxUrl?: string, resolve?: Resolve) {
  const rules = { hosts: ['fcm.googleapis.com'], sandboxUrl };
  const client = pushServiceClient({
    ...{ sender, rules, connections: 2 },
    ...(resolve === undefined ? {} : { resolve }),
  });
  stops.push(() => client.stop());
  return client;
}

const message = (endpoint?: string) => ({
  subscription: someBrowser(endpoint),
  payload: '{}',
  topic: 'lunch',
  ttlSeconds: 60,
  lane: 'interactive' as const,
});
const inTime = { timeoutMs: 10_000 };

/** A push service that answers in this way, and a message to it. */
async function serviceThat(listener: RequestListener) {
  const server: Server = createServer(listener);
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = clientOf(url);
  return { url, send: (deadline = inTime) => client.send(message(`${url}/push/1`), deadline) };
}

test('a name that leads to a private address is refused when the socket asks for it', async () => {
  const asked: string[] = [];
  const client = clientOf(undefined, (hostname, _options, callback) => {
    asked.push(hostname);
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::ffff:10.0.0.1', family: 6 },
    ]);
  });
  expect(await client.send(message('https://fcm.googleapis.com/x'), inTime)).toEqual({
    kind: 'failed',
    error: 'fcm.googleapis.com leads to an address that is not public',
  });
  expect(asked).toEqual(['fcm.googleapis.com']);
});

test('what is not allowed any more is refused without a look', async () => {
  const result = await clientOf().send(message('http://127.0.0.1:8027/push/1'), inTime);
  expect(result).toEqual({ kind: 'refused', error: 'its endpoint is not allowed' });
});

test('keys that nothing can be enciphered with are refused', async () => {
  const broken = message('https://fcm.googleapis.com/x');
  broken.subscription.keys.p256dh = `B${'A'.repeat(86)}`;
  expect(await clientOf().send(broken, inTime)).toMatchObject({
    kind: 'refused',
    error: expect.stringContaining('its keys are no use'),
  });
});

test('says what it is, for how long, and who sends', async () => {
  const seen: unknown[] = [];
  const { send } = await serviceThat(({ method, url, headers }, response) => {
    seen.push([method, url, headers]);
    response.writeHead(201).end();
  });
  expect(await send()).toEqual({ kind: 'accepted' });
  expect(await send()).toEqual({ kind: 'accepted' });
  const headers = {
    ...{ ttl: '60', urgency: 'high', topic: 'lunch', 'content-encoding': 'aes128gcm' },
    authorization: expect.stringMatching(new RegExp(`^vapid t=\\S+, k=${sender.keys.publicKey}$`)),
  };
  expect(seen).toEqual(Array(2).fill(['POST', '/push/1', expect.objectContaining(headers)]));
});

test('how long to wait is what the push service says, in seconds or as a date', async () => {
  const answers = ['120', new Date(Date.now() + 600_000).toUTCString(), 'soon'];
  const { send } = await serviceThat((_request, response) => {
    response.writeHead(429, { 'retry-after': answers.shift() }).end('too many');
  });
  const error = 'the push service answered 429: too many';
  expect(await send()).toEqual({ kind: 'failed', error, retryAfterMs: 120_000 });
  expect(await send()).toEqual({ kind: 'failed', error, retryAfterMs: expect.any(Number) });
  expect(await send()).toEqual({ kind: 'failed', error });
});

test('it follows no redirection', async () => {
  const { send } = await serviceThat((_request, response) => {
    response.writeHead(307, { location: 'http://127.0.0.1:8026/messages' }).end();
  });
  expect((await send()).kind).toBe('refused');
});

test('an answer without end is cut off', async () => {
  let closed = false;
  const { send } = await serviceThat((request, response) => {
    request.socket.on('close', () => (closed = true));
    response.writeHead(400);
    const more = (): void => {
      if (closed) return;
      response.write('x'.repeat(10_000), () => setImmediate(more));
    };
    more();
  });
  const result = await send();
  expect(result).toMatchObject({ kind: 'refused', error: expect.stringMatching(/^.{1000,1100}$/) });
  await waitFor(() => Promise.resolve(closed), { what: 'the connection closing' });
});

test('nobody listening, a line that breaks and an answer that does not come may work later', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const result = await clientOf(url).send(message(`${url}/push/1`), inTime);
  expect(result).toMatchObject({ kind: 'failed', error: expect.stringContaining('ECONNREFUSED') });
  const breaking = await serviceThat((request) => request.socket.destroy());
  expect((await breaking.send()).kind).toBe('failed');
  const silent = await serviceThat(() => undefined);
  expect(await silent.send({ timeoutMs: 50 })).toEqual({ kind: 'failed', error: 'no answer within 50 ms' });
});
