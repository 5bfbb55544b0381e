import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crossOrigin } from './cors.ts';

let server: Server;
const listen = async (origins: string[]) => {
  const isAnswered = crossOrigin(origins);
  server = createServer((request, response) => {
    if (!isAnswered(request, response)) response.end('served');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
afterEach(() => new Promise((resolve) => server.close(resolve)));

const OURS = 'https://app.example.com';
const ask = async (url: string, method: string, headers: Record<string, string>) => {
  const response = await fetch(url, { method, headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
};
const question = { 'access-control-request-method': 'POST' };

test('a page of ours may use the API, and a browser’s question is answered here', async () => {
  const url = await listen([OURS]);
  const answer = await ask(url, 'GET', { origin: OURS });
  expect([answer.text, answer.headers.get('access-control-allow-origin')]).toEqual(['served', OURS]);
  const asked = await ask(url, 'OPTIONS', { origin: OURS, ...question });
  expect([asked.status, asked.text]).toEqual([204, '']);
  expect(asked.headers.get('access-control-allow-methods')).toContain('POST');
  expect(asked.headers.get('access-control-allow-headers')).toContain('authorization');
  // Cookies are nobody's business here.
  expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
});

test.each(['https://app.example.com.evil.example', 'http://app.example.com', 'null'])(
  'a page of %s may not, and caches keep the two apart',
  async (origin) => {
    const url = await listen([OURS]);
    const answer = await ask(url, 'OPTIONS', { origin, ...question });
    expect([answer.text, answer.headers.get('access-control-allow-origin')]).toEqual(['served', null]);
    expect(answer.headers.get('vary')).toBe('origin');
  },
);

test('without origins nothing is added', async () => {
  const answer = await ask(await listen([]), 'GET', { origin: OURS });
  expect([answer.text, answer.headers.get('vary')]).toEqual(['served', null]);
});

test('what pages send and read beyond the usual is allowed: keys, conditions, ETags, names of files', async () => {
  const asked = await ask(await listen([OURS]), 'OPTIONS', { origin: OURS, ...question });
  const allowed = asked.headers.get('access-control-allow-headers')?.split(', ');
  expect(allowed).toEqual(
    expect.arrayContaining([
      'authorization',
      'idempotency-key',
      'if-none-match',
      'last-event-id',
      'payfan-expect',
    ]),
  );
  const exposed = asked.headers.get('access-control-expose-headers')?.split(', ');
  expect(exposed).toEqual(
    expect.arrayContaining(['etag', 'content-disposition', 'x-request-id', 'retry-after']),
  );
});
