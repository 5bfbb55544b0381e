import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endSession, exchangeSession, openSession } from './session-client.ts';

let server: Server;
let url: string;
let answer: { status: number; body?: object };
let asked: string[];
beforeAll(async () => {
  server = createServer(({ method, url: path, headers }, response) => {
    asked.push(`${method} ${path} ${headers.authorization}`);
    response.writeHead(answer.status, { 'content-type': 'application/json', 'retry-after': '7' });
    response.end(answer.status === 204 ? undefined : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => (asked = []));
afterAll(() => new Promise((resolve) => server.close(resolve)));

const unavailable = { outcome: 'unavailable', retryAfterSeconds: 7 };

test('a token comes with the seconds that it has left, for pages whose clock is another', async () => {
  answer = { status: 201, body: { token: 't', expiresAt: new Date(Date.now() + 900_000).toISOString() } };
  const exchange = await exchangeSession(url, 'ps_1');
  expect(exchange).toMatchObject({ outcome: 'token', token: 't' });
  const secondsLeft = exchange.outcome === 'token' ? exchange.secondsLeft : undefined;
  expect(secondsLeft).toBeGreaterThan(880);
  expect(secondsLeft).toBeLessThanOrEqual(900);
  expect(asked).toEqual(['POST /v1/tokens Bearer ps_1']);
});

test('a key opens a session', async () => {
  answer = { status: 201, body: { session: 'ps_1' } };
  expect(await openSession(url, 'key')).toEqual({ outcome: 'opened', session: 'ps_1' });
  expect(asked).toEqual(['POST /v1/sessions Bearer key']);
});

test.each([
  [401, { outcome: 'refused' }],
  [503, unavailable],
  [429, unavailable],
])('%d is %j', async (status, expected) => {
  answer = { status };
  expect(await exchangeSession(url, 'ps_1')).toEqual(expected);
  expect(await openSession(url, 'key')).toEqual(expected);
});

test.each([
  [204, { outcome: 'ended' }],
  [401, { outcome: 'ended' }],
  [503, unavailable],
])('signing out that is answered by %d is %j', async (status, expected) => {
  answer = { status };
  expect(await endSession(url, 'ps_1')).toEqual(expected);
  expect(asked).toEqual(['DELETE /v1/sessions/current Bearer ps_1']);
});

test('a transaction service that is away is unavailable', async () => {
  expect(await endSession('http://127.0.0.1:1', 'ps_1')).toEqual({ ...unavailable, retryAfterSeconds: 2 });
});
