import { ApiClient } from './api-client.ts';
import { ApiError, apiErrorOf, asApiError } from './api-error.ts';
import { isWorthRetrying, retryDelayMs } from './retrying.ts';

interface Call {
  url: string;
  init: RequestInit & { headers: Record<string, string> };
}

/** A client of a service that gives these answers, one after the other. */
function clientOf(...answers: (Response | Error)[]) {
  const calls: Call[] = [];
  const renewals: boolean[] = [];
  const client = new ApiClient({
    name: 'payout',
    baseUrl: 'http://payout',
    token({ renew }) {
      renewals.push(renew);
      return Promise.resolve(`t${renewals.length}`);
    },
    fetch(url, init) {
      calls.push({ url: url as string, init: init as Call['init'] });
      const answer = answers.shift();
      return answer instanceof Response
        ? Promise.resolve(answer)
        : Promise.reject(answer ?? new Error('no answer left'));
    },
  });
  return { client, calls, renewals };
}
const problem = (status: number, body: object, headers: Record<string, string> = {}) =>
  Response.json(body, {
    status,
    headers: { ...headers, 'content-type': 'application/problem+json; charset=utf-8' },
  });

test('a read: its query, its token, its JSON', async () => {
  const { client, calls } = clientOf(Response.json({ data: [] }));
  expect(await client.json('/v1/payouts', { query: { limit: 5, after: undefined, lane: 'a b' } })).toEqual({
    data: [],
  });
  expect(calls).toMatchObject([
    { url: 'http://payout/v1/payouts?limit=5&lane=a+b', init: { method: 'GET', body: null } },
  ]);
  expect(calls[0]?.init.headers).toEqual({ authorization: 'Bearer t1' });
});

test('a write: objects go as JSON under their key, text under its own type', async () => {
  const { client, calls } = clientOf(Response.json({}, { status: 202 }), Response.json({}, { status: 202 }));
  await client.json('/v1/payouts', { method: 'POST', body: { a: 1 }, idempotencyKey: 'k' });
  await client.json('/v1/payouts', {
    method: 'POST',
    body: 'to,amount',
    headers: { 'content-type': 'text/csv' },
  });
  expect(calls.map(({ init: { headers, body } }) => ({ headers, body }))).toEqual([
    {
      headers: { authorization: 'Bearer t1', 'content-type': 'application/json', 'idempotency-key': 'k' },
      body: '{"a":1}',
    },
    { headers: { authorization: 'Bearer t2', 'content-type': 'text/csv' }, body: 'to,amount' },
  ]);
});

test('no content is undefined; what has not changed is an answer', async () => {
  const { client } = clientOf(new Response(null, { status: 204 }), new Response(null, { status: 304 }));
  expect(await client.json('/x', { method: 'DELETE' })).toBeUndefined();
  expect((await client.send('/x', { headers: { 'if-none-match': '"1"' } })).status).toBe(304);
});

test('a token that has ended is renewed, once', async () => {
  const { client, calls, renewals } = clientOf(problem(401, {}), Response.json({ ok: true }));
  expect(await client.json('/x')).toEqual({ ok: true });
  expect(renewals).toEqual([false, true]);
  expect(calls[1]?.init.headers['authorization']).toBe('Bearer t2');
  const refused = clientOf(
    problem(401, { code: 'unauthenticated' }),
    problem(401, { code: 'unauthenticated' }),
  );
  await expect(refused.client.json('/x')).rejects.toMatchObject({ status: 401, code: 'unauthenticated' });
});

test('a problem becomes an error with all that it says', async () => {
  const body = {
    code: 'insufficient_funds',
    detail: 'Too low.',
    instance: 'r-0',
    errors: [{ path: 'a', message: 'b' }],
  };
  const { client } = clientOf(problem(402, body, { 'x-request-id': 'r-1', 'retry-after': '7' }));
  const error = await client.json('/x').catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    ...{
      status: 402,
      code: 'insufficient_funds',
      detail: 'Too low.',
      requestId: 'r-1',
      retryAfterSeconds: 7,
    },
    ...{ errors: [{ path: 'a', message: 'b' }], isRetryable: false },
  });
});

test('an answer that is no problem still says its status, and silence whose it is', async () => {
  const html = new Response('<h1>Bad gateway</h1>', {
    status: 502,
    headers: { 'content-type': 'text/html' },
  });
  const { client } = clientOf(html, new TypeError('fetch failed'));
  await expect(client.json('/x')).rejects.toMatchObject({
    code: 'http_502',
    requestId: undefined,
    isRetryable: true,
  });
  await expect(client.json('/x')).rejects.toMatchObject({
    ...{ status: 0, code: 'unreachable', detail: 'The payout service does not answer.', isRetryable: true },
  });
});

test('what was called off is no failure of the service', async () => {
  const controller = new AbortController();
  controller.abort(new Error('left'));
  const { client } = clientOf(new Error('left'));
  await expect(client.json('/x', { signal: controller.signal })).rejects.toThrow('left');
});

describe('a service that has stopped', () => {
  /** Answers nothing, or a part, until it is called off. */
  const frozen = (part?: string) => {
    let isCalledOff = false;
    const client = new ApiClient({
      name: 'transaction',
      baseUrl: 'http://transaction',
      token: () => Promise.resolve('t'),
      fetch(_url, init) {
        const calledOff = new Promise<never>((_, reject) =>
          init?.signal?.addEventListener('abort', () => {
            isCalledOff = true;
            reject(init.signal?.reason as Error);
          }),
        );
        if (part === undefined) return calledOff;
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => controller.enqueue(new TextEncoder().encode(part)),
          pull: () => calledOff,
        });
        return Promise.resolve(new Response(body));
      },
    });
    return { client, isCalledOff: () => isCalledOff };
  };

  test.each([undefined, '{"id":'])('after %j has not answered in time', async (part) => {
    const { client, isCalledOff } = frozen(part);
    const reading = client.json('/x', { timeoutMs: 20 });
    await expect(reading).rejects.toMatchObject({ code: 'unreachable', isRetryable: true, isRefusal: false });
    expect(isCalledOff()).toBe(true);
  });

  test('is waited for no longer than by whoever asked', async () => {
    const { client, isCalledOff } = frozen();
    const controller = new AbortController();
    const reading = client.json('/x', { signal: controller.signal });
    await Promise.resolve();
    controller.abort(new Error('left'));
    await expect(reading).rejects.toThrow('left');
    expect(isCalledOff()).toBe(true);
  });
});

test.each([
  ['a refusal', problem(402, { code: 'insufficient_funds' }), true],
  ['a refused request', problem(422, { code: 'invalid_request' }), true],
  ['a service that is busy', problem(429, { code: 'too_many_requests' }), false],
  ['a service that waited too long', problem(408, { code: 'request_timeout' }), false],
  ['a service that is away', problem(503, { code: 'temporarily_unavailable' }), false],
  ['a proxy whose client left', new Response('', { status: 499 }), false],
  ['a proxy that says so in its own JSON', Response.json({ code: 'x' }, { status: 403 }), false],
  ['a proxy whose service is too slow', new Response('', { status: 524 }), false],
])('of %s one knows whether nothing came of the request: %s', async (_what, answer, isKnown) => {
  expect((await apiErrorOf(answer)).isRefusal).toBe(isKnown);
});

test('only what may work later is tried again, twice, and not before it is asked for, within reason', () => {
  const error = (status: number, retryAfterSeconds?: number) =>
    new ApiError({ status, code: '', detail: '', retryAfterSeconds });
  expect([0, 1, 2].map((failures) => isWorthRetrying(failures, error(503)))).toEqual([true, true, false]);
  expect([0, 429, 500].map((status) => isWorthRetrying(0, error(status)))).toEqual([true, true, true]);
  expect([400, 404, 409].map((status) => isWorthRetrying(0, error(status)))).toEqual([false, false, false]);
  expect(isWorthRetrying(0, new Error('a mistake of ours'))).toBe(false);
  expect([0, 1].map((failures) => retryDelayMs(failures, error(503)))).toEqual([500, 1_000]);
  expect([3, 300].map((asked) => retryDelayMs(0, error(503, asked)))).toEqual([3_000, 5_000]);
});

test('anything else that is thrown has words for people too', () => {
  const error = new ApiError({ status: 1, code: 'c', detail: 'd' });
  expect(asApiError(error)).toBe(error);
  expect(asApiError(new TypeError('x is undefined'))).toMatchObject({
    code: 'unexpected',
    isRetryable: true,
  });
});
