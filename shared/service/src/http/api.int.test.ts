import { get } from 'node:http';
import { connect } from 'node:net';
import { waitFor } from '@payfan/stack/testing';
import { z } from 'zod';
import { currentContext } from '../context.ts';
import { createHealth } from '../health.ts';
import { Problem } from '../problem.ts';
import { startApi, stopApis } from './testing.ts';
import type { Api, ApiOptions } from './api.ts';
import type { RunningApi } from './testing.ts';

afterEach(stopApis);

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ok = { 200: { description: 'Fine', schema: z.unknown() } };

/** Routes that stand for all there are. */
function define(api: Api): void {
  const common = { summary: 'A thing', auth: 'none', responses: ok } as const;
  api.route({ ...common, method: 'GET', path: '/v1/context' }, () => ({
    status: 200,
    body: currentContext(),
  }));
  api.route(
    { ...common, method: 'GET', path: '/v1/things/{id}', params: z.object({ id: z.string() }) },
    ({ params }) => ({
      status: 200,
      body: params,
    }),
  );
  api.route(
    { ...common, method: 'DELETE', path: '/v1/things/{id}', params: z.object({ id: z.string() }) },
    () => ({
      status: 200,
      body: null,
    }),
  );
  api.route(
    { ...common, method: 'PUT', path: '/v1/{kind}/special', params: z.object({ kind: z.string() }) },
    () => ({
      status: 200,
      body: 'special',
    }),
  );
  api.route({ ...common, method: 'GET', path: '/v1/throws' }, () => {
    throw new Error('connect postgres://payfan:hunter2@db/payfan failed');
  });
  api.route({ ...common, method: 'GET', path: '/v1/busy' }, () => {
    throw new Problem({
      status: 503,
      code: 'busy',
      detail: 'Later.',
      retryAfterSeconds: 1.2,
      cause: new Error('why'),
    });
  });
  api.route(
    {
      ...common,
      method: 'GET',
      path: '/v1/list',
      responses: { 200: { description: 'CSV', contentType: 'text/csv', schema: z.string() } },
    },
    () => ({ status: 200, body: 'a,b\n', headers: { 'x-rows': '1' } }),
  );
}

/** A path of each kind that an API answers: probes, documents, routes without and with a parameter, and pages. */
const PATHS = [
  ...['/livez', '/readyz', '/metrics', '/openapi.json', '/docs', '/docs/init.js'],
  ...['/v1/context', '/v1/things/one', '/page'],
];

/** Paths that a proxy which compares text takes for others, and that a lenient server takes for `path`. */
const otherSpellings = (path: string): string[] => {
  const last = path.lastIndexOf('/');
  const withBackslash = `${path.slice(0, last)}\\${path.slice(last + 1)}`;
  const firstEncoded = `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`;
  return [
    ...[path.toUpperCase(), firstEncoded, `/${path}`, `/.${path}`, `/x/..${path}`, `${path}//`],
    ...[`${path}#`, `${path}#x?y`, `${path}\\`, `${path}\\#`],
    // `/docs/` is a route of its own, and without a slash in front it is no path.
    ...(path === '/docs' ? [] : [`${path}/`]),
    ...(last === 0 ? [] : [withBackslash, `${withBackslash}#`]),
  ];
};

/** fetch would rewrite the path. */
const statusOf = (port: number, path: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path }, (answer) => resolve(answer.resume().statusCode)).on(
      'error',
      reject,
    );
  });

const problemOf = async (answer: Response) => {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  return (await answer.json()) as Record<string, unknown>;
};

/** The line about the last request, which is written when its answer is over. */
async function lineOf({ lines }: RunningApi, route: string): Promise<Record<string, unknown>> {
  const find = () => lines.find((line) => line['route'] === route);
  await waitFor(() => Promise.resolve(find() !== undefined), {
    what: `the line about ${route}`,
  });
  return find() ?? {};
}

test('the ids of a request are taken over, echoed, and known to what it sets off and logs', async () => {
  const api = await startApi(define);
  const headers = { 'x-request-id': 'r-1', 'x-correlation-id': 'c-1', traceparent: TRACEPARENT };
  const answer = await fetch(`${api.url}/v1/context`, { headers });
  expect(answer.headers.get('x-request-id')).toBe('r-1');
  expect(await answer.json()).toEqual({ requestId: 'r-1', correlationId: 'c-1', traceparent: TRACEPARENT });
  expect(await lineOf(api, '/v1/context')).toMatchObject({
    msg: 'GET /v1/context 200',
    requestId: 'r-1',
    correlationId: 'c-1',
    traceId: TRACEPARENT.slice(3, 35),
  });
});

test('ids that are missing or could forge a log line are replaced', async () => {
  const { url } = await startApi(define);
  const given = { 'x-request-id': 'r 1', 'x-correlation-id': '{"a":1}', traceparent: '00-0-0-00' };
  const answers = [await fetch(`${url}/v1/context`), await fetch(`${url}/v1/context`, { headers: given })];
  for (const answer of answers) {
    const context = (await answer.json()) as Record<string, string>;
    expect(context['requestId']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.get('x-request-id')).toBe(context['requestId']);
    expect(context['correlationId']).toBe(context['requestId']);
    expect(context['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  }
});

test('an unknown address is a problem that names the request', async () => {
  const { url } = await startApi(define);
  for (const path of ['/v1/nothing', '/V1/context', '/v1/things/1/2', '/%2e%2e/etc/passwd']) {
    const answer = await fetch(`${url}${path}`);
    expect(await problemOf(answer)).toEqual({
      type: 'urn:payfan:problem:not_found',
      title: 'Not found',
      status: 404,
      detail: expect.any(String),
      code: 'not_found',
      instance: answer.headers.get('x-request-id'),
    });
  }
});

test('a path in another spelling than the one of its route is unknown', async () => {
  const { server } = await startApi((api) => {
    define(api);
    api.app.get('/page', (_request, response) => void response.send('a page'));
  });
  const asked = [...PATHS, ...PATHS.flatMap(otherSpellings)];
  const statuses = await Promise.all(asked.map(async (path) => [path, await statusOf(server.port, path)]));
  const expected = asked.map((path) => [path, PATHS.includes(path) ? 200 : 404]);
  expect(statuses).toEqual(expected);
});

test('a method that a path lacks is refused with the methods that it has, over all patterns that fit', async () => {
  const { url } = await startApi(define);
  const answer = await fetch(`${url}/v1/things/special`, { method: 'POST' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, DELETE, HEAD, PUT, OPTIONS']);
  expect(await problemOf(answer)).toMatchObject({ code: 'method_not_allowed' });
  const options = await fetch(`${url}/v1/context`, { method: 'OPTIONS' });
  expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  // A pattern that lacks the method does not hide another that has it.
  expect(await (await fetch(`${url}/v1/things/special`, { method: 'PUT' })).json()).toBe('special');
});

test('HEAD is GET without the body', async () => {
  const { url } = await startApi(define);
  for (const path of ['/v1/things/1', '/v1/list', '/livez', '/openapi.json', '/docs']) {
    const [head, get] = [await fetch(`${url}${path}`, { method: 'HEAD' }), await fetch(`${url}${path}`)];
    expect([path, head.status, await head.text()]).toEqual([path, 200, '']);
    expect(head.headers.get('content-length')).toBe(String((await get.arrayBuffer()).byteLength));
  }
});

test('an answer is nobody’s to keep, and says what it is', async () => {
  const { url } = await startApi(define);
  const answer = await fetch(`${url}/v1/list`);
  expect(await answer.text()).toBe('a,b\n');
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'text/csv; charset=utf-8',
    'x-rows': '1',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(answer.headers.has('x-powered-by')).toBe(false);
});

test('what nobody foresaw tells the client nothing, and the log all but secrets', async () => {
  const api = await startApi(define);
  const answer = await fetch(`${api.url}/v1/throws`);
  const text = await answer.text();
  expect(answer.status).toBe(500);
  expect(JSON.parse(text)).toMatchObject({
    code: 'internal_error',
    instance: answer.headers.get('x-request-id'),
  });
  expect(text).not.toMatch(/postgres|hunter2|\.ts|at /);

  const line = await lineOf(api, '/v1/throws');
  expect(line).toMatchObject({
    level: 'error',
    status: 500,
    code: 'internal_error',
    err: { message: expect.stringContaining('failed'), stack: expect.stringContaining('api.int.test') },
  });
  expect(JSON.stringify(line)).not.toContain('hunter2');
});

test('an error that the service knows becomes the problem that it makes of it', async () => {
  const problemFor: ApiOptions['problemFor'] = (error) =>
    error instanceof Error && error.message.startsWith('connect ')
      ? new Problem({
          status: 503,
          code: 'database_unavailable',
          detail: 'Again, please.',
          retryAfterSeconds: 2,
          cause: error,
        })
      : undefined;
  const api = await startApi(define, { problemFor });
  const answer = await fetch(`${api.url}/v1/throws`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await problemOf(answer)).toMatchObject({ code: 'database_unavailable', detail: 'Again, please.' });

  const busy = await fetch(`${api.url}/v1/busy`);
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await lineOf(api, '/v1/busy')).toMatchObject({
    level: 'warn',
    code: 'busy',
    err: { message: 'why' },
  });
});

test('an answer that breaks off in the middle is seen to be broken', async () => {
  const api = await startApi(({ app }) => {
    app.get('/half', (_request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('half');
      throw new Error('broke off');
    });
  });
  await expect(fetch(`${api.url}/half`).then((answer) => answer.text())).rejects.toThrow();
  expect(await lineOf(api, '/half')).toMatchObject({ status: 499, err: { message: 'broke off' } });
});

test('a path that reads like a pattern is a path', async () => {
  const { server } = await startApi(define);
  // fetch would write the braces in another way.
  const body = await new Promise((resolve, reject) => {
    const asked = { port: server.port, host: '127.0.0.1', path: '/v1/things/{id}' };
    get(asked, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => resolve(JSON.parse(text)));
    }).on('error', reject);
  });
  expect(body).toEqual({ id: '{id}' });
});

test('a path that is no path is the client’s mistake', async () => {
  const { url } = await startApi(define);
  expect(await problemOf(await fetch(`${url}/v1/things/%ZZ`))).toMatchObject({
    status: 400,
    code: 'invalid_request',
  });
});

test('what is not HTTP at all is answered 400, and the server lives on', async () => {
  const { url, server } = await startApi(define);
  const socket = connect(server.port, '127.0.0.1');
  let heard = '';
  socket.on('data', (data: Buffer) => (heard += data.toString()));
  socket.write('GARBAGE\r\n\r\n');
  await new Promise((resolve) => socket.once('close', resolve));
  expect(heard).toMatch(/^HTTP\/1\.1 400 /);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
});

test('the probes tell life and readiness apart', async () => {
  let database = 'up';
  const health = createHealth({
    database: () => (database === 'up' ? Promise.resolve() : Promise.reject(new Error('database is away'))),
  });
  const api = await startApi(define, { health });
  const probe = async (path: string) => {
    const answer = await fetch(`${api.url}${path}`);
    return [answer.status, await answer.json()] as unknown[];
  };
  expect(await probe('/readyz')).toEqual([200, { status: 'ready', checks: { database: 'ok' } }]);
  database = 'down';
  expect(await probe('/readyz')).toEqual([
    503,
    { status: 'not ready', checks: { database: 'database is away' } },
  ]);
  const metrics = await (await fetch(`${api.url}/metrics`)).text();
  expect(metrics).toContain('payfan_check_passed{check="database",service="test"} 0');
  expect(await probe('/livez')).toEqual([200, { status: 'ok' }]);
  database = 'up';
  api.health.drain();
  expect(await probe('/readyz')).toEqual([
    503,
    { status: 'not ready', checks: { database: 'ok', shutdown: 'draining' } },
  ]);
  expect(await probe('/livez')).toEqual([200, { status: 'ok' }]);
});

test('requests are measured by their pattern, never by their path; probes not at all', async () => {
  const api = await startApi(define);
  await fetch(`${api.url}/v1/things/secret-1`);
  await fetch(`${api.url}/v1/nothing/secret-2`);
  await fetch(`${api.url}/readyz`);
  await lineOf(api, 'unmatched');
  const answer = await fetch(`${api.url}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=/);
  const metrics = await answer.text();
  expect(metrics).toContain(
    'http_request_duration_seconds_count{service="test",method="GET",route="/v1/things/{id}",status="200"} 1',
  );
  expect(metrics).toMatch(/_count\{[^}]*route="unmatched"/);
  expect(metrics).toContain('process_cpu_seconds_total');
  expect(metrics).not.toMatch(/secret|readyz|livez/);
  expect(JSON.stringify(api.lines)).not.toMatch(/secret|readyz/);
});

test('a route that is there twice, or asks for authentication that nobody can do, is a mistake at the start', async () => {
  await startApi((api) => {
    define(api);
    expect(() => define(api)).toThrow('GET /v1/context is there twice');
    expect(() =>
      api.route({ method: 'GET', path: '/v1/mine', summary: '', auth: 'required', responses: ok }, () => ({
        status: 200,
        body: 1,
      })),
    ).toThrow('give createApi an authenticate function');
  });
});

describe('/metrics with a METRICS_TOKEN', () => {
  const read = async (authorization?: string) => {
    const { url } = await startApi(define, { http: { metricsToken: 'a-long-random-text' } });
    const answer = await fetch(`${url}/metrics`, {
      headers: authorization === undefined ? {} : { authorization },
    });
    return { answer, text: await answer.text() };
  };

  test('is for those who send it as Prometheus does', async () => {
    const { answer, text } = await read('Bearer a-long-random-text');
    expect(answer.status).toBe(200);
    expect(text).toContain('process_cpu_seconds_total');
  });

  test.each([
    undefined,
    'Bearer a-long-random-tex',
    'Bearer a-long-random-textt',
    'Bearer x',
    'Basic a-long-random-text',
    'a-long-random-text',
  ])('refuses %s with a 401 problem', async (authorization) => {
    const { answer, text } = await read(authorization);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    expect(JSON.parse(text)).toMatchObject({ code: 'unauthenticated' });
    expect(text).not.toContain('process_');
  });

  test('leaves probes open', async () => {
    const { url } = await startApi(define, { http: { metricsToken: 'a-long-random-text' } });
    for (const path of ['/livez', '/readyz']) expect((await fetch(`${url}${path}`)).status).toBe(200);
  });
});
