import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exchangeKey } from './token-exchange.ts';

let server: Server;
let url: string;
let answer: { status: number; body?: object };
beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json', 'retry-after': '7' });
    response.end(JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test('a token comes with the seconds that it has left, for pages whose clock is another', async () => {
  answer = { status: 201, body: { token: 't', expiresAt: new Date(Date.now() + 900_000).toISOString() } };
  const exchange = await exchangeKey(url, 'key');
  expect(exchange).toMatchObject({ outcome: 'token', token: 't' });
  const secondsLeft = exchange.outcome === 'token' ? exchange.secondsLeft : undefined;
  expect(secondsLeft).toBeGreaterThan(880);
  expect(secondsLeft).toBeLessThanOrEqual(900);
});

test.each([
  [401, { outcome: 'refused' }],
  [503, { outcome: 'unavailable', retryAfterSeconds: 7 }],
])('%d is %j', async (status, expected) => {
  answer = { status };
  expect(await exchangeKey(url, 'key')).toEqual(expected);
});
