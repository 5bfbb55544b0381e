import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { endSession, exchangeSession, openSession, type TransactionAccess } from './session-client.ts';

let server: Server;
let access: TransactionAccess;
let answer: { status: number; body?: object };
let asked: string[];
/** Who asked, and for which client, once for each request. */
let named: (string | string[] | undefined)[][];
beforeAll(async () => {
  server = createServer(({ method, url: path, headers }, response) => {
    asked.push(`${method} ${path} ${headers.authorization}`);
    named.push([headers['payfan-service-key'], headers['payfan-client-address']]);
    response.writeHead(answer.status, { 'content-type': 'application/json', 'retry-after': '7' });
    response.end(answer.status === 204 ? undefined : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transactionUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  access = { transactionUrl, serviceKey: 'key-of-web', clientAddress: '192.0.2.7' };
});
beforeEach(() => {
  asked = [];
  named = [];
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const unavailable = { outcome: 'unavailable', retryAfterSeconds: 7 };

test('a token comes with the seconds that it has left, for pages whose clock is another', async () => {
  answer = { status: 201, body: { token: 't', expiresAt: new Date(Date.now() + 900_000).toISOString() } };
  const exchange = await exchangeSession(access, 'ps_1');
  expect(exchange).toMatchObject({ outcome: 'token', token: 't' });
  const secondsLeft = exchange.outcome === 'token' ? exchange.secondsLeft : undefined;
  expect(secondsLeft).toBeGreaterThan(880);
  expect(secondsLeft).toBeLessThanOrEqual(900);
  expect(asked).toEqual(['POST /v1/tokens Bearer ps_1']);
});

test('a key opens a session', async () => {
  answer = { status: 201, body: { session: 'ps_1' } };
  expect(await openSession(access, 'key')).toEqual({ outcome: 'opened', session: 'ps_1' });
  expect(asked).toEqual(['POST /v1/sessions Bearer key']);
});

test.each([
  [401, { outcome: 'refused' }],
  [503, unavailable],
  [429, unavailable],
])('%d is %j', async (status, expected) => {
  answer = { status };
  expect(await exchangeSession(access, 'ps_1')).toEqual(expected);
  expect(await openSession(access, 'key')).toEqual(expected);
});

test.each([
  [204, { outcome: 'ended' }],
  [401, { outcome: 'ended' }],
  [503, unavailable],
])('signing out that is answered by %d is %j', async (status, expected) => {
  answer = { status };
  expect(await endSession(access, 'ps_1')).toEqual(expected);
  expect(asked).toEqual(['DELETE /v1/sessions/current Bearer ps_1']);
});

test('a transaction service that is away is unavailable', async () => {
  expect(await endSession({ ...access, transactionUrl: 'http://127.0.0.1:1' }, 'ps_1')).toEqual({
    ...unavailable,
    retryAfterSeconds: 2,
  });
});

test('each call names this server by its key, and the client whose credential it carries', async () => {
  answer = { status: 401 };
  await openSession(access, 'key');
  await exchangeSession(access, 'ps_1');
  await endSession(access, 'ps_1');
  expect(named).toEqual(Array.from({ length: 3 }, () => ['key-of-web', '192.0.2.7']));
});

test('no client is named whose address is unknown', async () => {
  answer = { status: 401 };
  await openSession({ ...access, clientAddress: undefined }, 'key');
  expect(named).toEqual([[undefined, undefined]]);
});
