import { connect } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import { startApi, stopApis } from './testing.ts';
import type { Api } from './api.ts';

afterEach(stopApis);

const bodyBounds = { tickMs: 20 };
const responses = { 200: { description: 'Done', schema: z.object({ done: z.boolean() }) } };
const DONE = { status: 200, body: { done: true } } as const;

/** A handler that ends only when the test says how. */
function stuckApi() {
  let finish: (how: Error | undefined) => void = () => undefined;
  const until = new Promise<Error | undefined>((resolve) => (finish = resolve));
  const stuck = async () => {
    const error = await until;
    if (error !== undefined) throw error;
    return DONE;
  };
  const define = (api: Api) => {
    api.route({ method: 'GET', path: '/stuck', summary: 'Waits', auth: 'none', responses }, stuck);
    api.route(
      { method: 'GET', path: '/long', summary: 'Waits', auth: 'none', responses, takesLong: true },
      stuck,
    );
    api.route(
      { method: 'POST', path: '/body', summary: 'Reads', auth: 'none', body: z.unknown(), responses },
      () => DONE,
    );
    api.route({ method: 'GET', path: '/quick', summary: 'Answers', auth: 'none', responses }, () => DONE);
  };
  return { define, finish: (how?: Error) => finish(how) };
}

test.each([
  ['ends well', undefined],
  ['fails', new Error('late')],
])(
  'a request whose handler is stuck gets 503 and Retry-After, also if the handler %s later',
  async (_, how) => {
    const { define, finish } = stuckApi();
    const { url } = await startApi(define, { bodyBounds });
    const answer = await fetch(`${url}/stuck`);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await answer.json()).toMatchObject({ code: 'temporarily_unavailable' });
    finish(how);
    // What the handler came to is dropped, and the connection serves the next request.
    expect((await fetch(`${url}/quick`)).status).toBe(200);
  },
);

test('a request whose key is being verified gets it too', async () => {
  const { url } = await startApi(
    (api) =>
      api.route({ method: 'GET', path: '/own', summary: 'Own', auth: 'required', responses }, () => DONE),
    { bodyBounds, authenticate: () => new Promise(() => undefined) },
  );
  const answer = await fetch(`${url}/own`, { headers: { authorization: 'Bearer some-key' } });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
});

test('a route that takes long is waited for', async () => {
  const { define, finish } = stuckApi();
  const { url } = await startApi(define, { bodyBounds });
  const long = fetch(`${url}/long`);
  // By then the other one has had as much time.
  expect((await fetch(`${url}/stuck`)).status).toBe(503);
  finish();
  expect((await long).status).toBe(200);
});

test('the time in which the client sends its body does not count', async () => {
  const { define } = stuckApi();
  const { url, server } = await startApi(define, { bodyBounds: { tickMs: 100 } });
  const slow = connect(server.port, '127.0.0.1');
  slow.write(
    'POST /body HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[',
  );
  expect((await fetch(`${url}/stuck`)).status).toBe(503);
  slow.write(']');
  const [answer] = (await once(slow, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
  slow.destroy();
});
