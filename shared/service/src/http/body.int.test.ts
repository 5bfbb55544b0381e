import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { Problem } from '../problem.ts';
import { startApi, stopApis } from './testing.ts';
import type { FieldError } from '../problem.ts';
import type { Api } from './api.ts';

afterEach(stopApis);

type Body = NonNullable<RequestInit['body']>;

const Thing = z.object({
  name: z.string().min(1),
  amount: z.int().min(1),
  tags: z.array(z.object({ key: z.string() })).optional(),
});

function define(api: Api): void {
  api.route(
    {
      method: 'POST',
      path: '/v1/things/{id}',
      summary: 'Makes a thing',
      auth: 'required',
      params: z.object({ id: z.string().max(5) }),
      query: z.object({ limit: z.coerce.number().int().max(10).optional() }),
      headers: z.object({ 'idempotency-key': z.string().min(3) }),
      body: Thing,
      bodyLimit: 1_000,
      responses: { 201: { description: 'Made', schema: z.unknown() } },
      problemForInvalid: (errors) =>
        errors.some(({ in: place }) => place === 'header')
          ? new Problem({ status: 400, code: 'idempotency_key_missing', errors })
          : undefined,
    },
    ({ principal, params, query, headers, body }) => ({
      status: 201,
      body: { principal, params, query, headers, body },
    }),
  );
  api.route(
    {
      method: 'GET',
      path: '/v1/things',
      summary: 'Lists',
      auth: 'none',
      responses: { 204: { description: 'None' } },
    },
    () => ({ status: 204 }),
  );
}

const startThings = () =>
  startApi(define, {
    authenticate: (bearer) =>
      Promise.resolve(bearer === 'demo_asha' ? { kind: 'operator', name: 'mira' } : undefined),
  });

const HEADERS = {
  authorization: 'Bearer demo_asha',
  'content-type': 'application/json',
  'idempotency-key': 'key-1',
};
const WHOLE = { name: 'lunch', amount: 1 };

async function post(url: string, body: Body, headers: Record<string, string> = {}, path = '/v1/things/a') {
  const answer = await fetch(`${url}${path}`, { method: 'POST', headers: { ...HEADERS, ...headers }, body });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: JSON.parse(text) as Record<string, unknown>,
  };
}

test('a handler gets what the schemas made of the request', async () => {
  const { url } = await startThings();
  const { status, json } = await post(url, JSON.stringify(WHOLE), {}, '/v1/things/a?limit=7');
  expect([status, json]).toEqual([
    201,
    {
      principal: { kind: 'operator', name: 'mira' },
      params: { id: 'a' },
      query: { limit: 7 },
      headers: { 'idempotency-key': 'key-1' },
      body: WHOLE,
    },
  ]);
});

test.each<[string, Body, Record<string, string>]>([
  ['of another JSON type', JSON.stringify(WHOLE), { 'content-type': 'application/merge-patch+json' }],
  ['in UTF-8, said aloud', JSON.stringify(WHOLE), { 'content-type': 'application/json; charset=utf-8' }],
  ['compressed', gzipSync(JSON.stringify(WHOLE)), { 'content-encoding': 'gzip' }],
])('a body %s is taken', async (_what, body, headers) => {
  const { url } = await startThings();
  expect(await post(url, body, headers)).toMatchObject({ status: 201, json: { body: WHOLE } });
});

/** A stray continuation byte, a character broken off, an overlong slash, half of a surrogate pair, and Latin 1. */
const INVALID_UTF8 = ['80', 'e282', 'c0af', 'eda0bd', '636166e9'].map((hex) => Buffer.from(hex, 'hex'));
const bodyAround = (bytes: Buffer) =>
  Buffer.concat([Buffer.from('{"amount":1,"name":"hunter2'), bytes, Buffer.from('"}')]);
type RefusedBody = [string, Body, Record<string, string>, number, string];

test.each<RefusedBody>([
  ['broken off', '{"name":"hunter2', {}, 400, 'invalid_request'],
  ['with a tail', '{"name":"hunter2"} x', {}, 400, 'invalid_request'],
  ...INVALID_UTF8.flatMap((bytes): RefusedBody[] => [
    [`that holds the bytes ${bytes.toString('hex')}`, bodyAround(bytes), {}, 400, 'invalid_request'],
    [
      `that holds the bytes ${bytes.toString('hex')} and says that it is UTF-8`,
      bodyAround(bytes),
      { 'content-type': 'application/json; charset=utf-8' },
      400,
      'invalid_request',
    ],
    [
      `that holds the bytes ${bytes.toString('hex')}, compressed`,
      gzipSync(bodyAround(bytes)),
      { 'content-encoding': 'gzip' },
      400,
      'invalid_request',
    ],
  ]),
  ['that is no object', '"hunter2"', {}, 400, 'invalid_request'],
  ['whose compression is broken', 'hunter2', { 'content-encoding': 'gzip' }, 400, 'invalid_request'],
  ['of another type', '{"name":"hunter2"}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
  ['of a type that is none', '{}', { 'content-type': 'json' }, 415, 'unsupported_media_type'],
  [
    'in another charset',
    '{}',
    { 'content-type': 'application/json; charset=latin1' },
    415,
    'unsupported_media_type',
  ],
  [
    'in UTF-16',
    Buffer.from(JSON.stringify(WHOLE), 'utf16le'),
    { 'content-type': 'application/json; charset=utf-16le' },
    415,
    'unsupported_media_type',
  ],
  ['in an unknown encoding', '{}', { 'content-encoding': 'zip' }, 415, 'unsupported_media_type'],
  ['that is too large', `{"name":"${'x'.repeat(1_000)}"}`, {}, 413, 'payload_too_large'],
  ['of a megabyte', 'x'.repeat(1_000_000), {}, 413, 'payload_too_large'],
  [
    'that unfolds to be too large',
    gzipSync(`{"name":"${'x'.repeat(1_000_000)}"}`),
    { 'content-encoding': 'gzip' },
    413,
    'payload_too_large',
  ],
])('a body %s is refused, and not quoted', async (_what, body, headers, status, code) => {
  const { url } = await startThings();
  const answer = await post(url, body, headers);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect([answer.status, answer.json['code']]).toEqual([status, code]);
  expect(answer.text).not.toMatch(/hunter2|xxx|node_modules/);
});

const fieldsOf = (json: Record<string, unknown>) =>
  (json['errors'] as FieldError[]).map(({ in: place, path }) => [place, path].join(' ')).sort();

test.each([
  [
    'a number that would be rounded to the amount',
    '{"name":"x","amount":100.99999999999999999999}',
    /rounded to 101/,
  ],
  [
    'a key twice, of which the last would win',
    '{"name":"x","amount":1,"amount":2}',
    /the key "amount" twice/,
  ],
])('%s is refused, compressed or not', async (_what, text, detail) => {
  const { url } = await startThings();
  const answers = [await post(url, text), await post(url, gzipSync(text), { 'content-encoding': 'gzip' })];
  for (const { status, json } of answers) {
    expect([status, json['code']]).toEqual([400, 'invalid_request']);
    expect(json['detail']).toMatch(detail);
  }
});

test('all mistakes are reported at once, each with its place', async () => {
  const { url } = await startThings();
  const body = JSON.stringify({ amount: 0.5, tags: [{ key: 'k' }, { key: 1, kez: 2 }], note: 'x' });
  const { status, json } = await post(url, body, {}, '/v1/things/toolong?limit=99&lim=1');
  expect([status, json['code']]).toEqual([400, 'invalid_request']);
  expect(fieldsOf(json)).toEqual(
    [
      'body amount',
      'body name',
      'body note',
      'body tags.1.key',
      'path id',
      'query limit',
      'query lim',
    ].sort(),
  );
  expect(json['detail']).toMatch(/and 4 more$/);
});

test.each<[string, string, string[]]>([
  ['a field that comes twice', '/v1/things/a?limit=1&limit=2', ['query limit']],
  [
    'a field with a prototype’s name',
    '/v1/things/a?__proto__=1&constructor=1',
    ['query __proto__', 'query constructor'],
  ],
])('%s in the query is refused', async (_what, path, fields) => {
  const { url } = await startThings();
  const { status, json } = await post(url, JSON.stringify(WHOLE), {}, path);
  expect([status, fieldsOf(json)]).toEqual([400, [...fields].sort()]);
});

test('a field __proto__ in the body is refused, and changes nothing', async () => {
  const { url } = await startThings();
  const { status, json } = await post(url, '{"name":"a","amount":1,"__proto__":{"admin":true}}');
  expect([status, fieldsOf(json)]).toEqual([400, ['body __proto__']]);
});

test('a route may have a better word for what is missing', async () => {
  const { url } = await startThings();
  const { json } = await post(url, JSON.stringify(WHOLE), { 'idempotency-key': '' });
  expect(json).toMatchObject({
    code: 'idempotency_key_missing',
    errors: [{ in: 'header', path: 'idempotency-key' }],
  });
});

test('no body where one is needed is said in words', async () => {
  const { url } = await startThings();
  const { json } = await post(url, '');
  expect(json['errors']).toEqual([{ in: 'body', path: '', message: 'A JSON body is required' }]);
});

test('a route without a query takes none', async () => {
  const { url } = await startThings();
  expect((await fetch(`${url}/v1/things`)).status).toBe(204);
  const answer = await fetch(`${url}/v1/things?limit=1`);
  expect([answer.status, fieldsOf((await answer.json()) as Record<string, unknown>)]).toEqual([
    400,
    ['query limit'],
  ]);
});

test.each([
  ['', 'Bearer'],
  ['Basic ZGVtbw==', 'Bearer error="invalid_request"'],
  ['Bearer', 'Bearer error="invalid_request"'],
  ['Bearer two words', 'Bearer error="invalid_request"'],
  ['Bearer demo_nobody', 'Bearer error="invalid_token"'],
])('authorization “%s” is refused before the body is looked at', async (authorization, challenge) => {
  const { url } = await startThings();
  const { authorization: _own, ...others } = HEADERS;
  const answer = await fetch(`${url}/v1/things/a`, {
    method: 'POST',
    headers: { ...others, ...(authorization === '' ? {} : { authorization }) },
    body: 'x'.repeat(1_000_000),
  });
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, challenge]);
  expect(await answer.json()).toMatchObject({ code: 'unauthenticated' });
});

describe('a route that takes another type as a stream', () => {
  const startLines = () =>
    startApi(
      (api) =>
        api.route(
          {
            method: 'POST',
            path: '/v1/lines',
            summary: 'Counts bytes',
            auth: 'none',
            query: z.object({ refuse: z.string().optional() }),
            body: Thing.optional(),
            streams: { 'text/csv': 'Lines' },
            responses: {
              200: { description: 'Counted', schema: z.unknown(), streamedAs: ['text/plain'] },
              304: { description: 'As before' },
            },
          },
          async ({ body, stream, query }) => {
            if (query.refuse === 'quietly') return { status: 304, headers: { etag: '"1"' } };
            if (query.refuse !== undefined) throw new Problem({ status: 400, code: query.refuse });
            let bytes = 0;
            for await (const chunk of stream ?? []) bytes += chunk.length;
            return { status: 200, body: { bytes, body } };
          },
        ),
      {},
    );
  const send = async (url: string, body: Body | null, type: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
    return [answer.status, (await answer.json()) as Record<string, unknown>] as const;
  };

  test('hands it over unread, of whatever size, and reads JSON as ever', async () => {
    const { url } = await startLines();
    const lines = `${url}/v1/lines`;
    for (const type of ['text/csv', 'Text/CSV; header=present; charset="UTF-8"']) {
      expect(await send(lines, 'x'.repeat(1_000_000), type)).toEqual([200, { bytes: 1_000_000 }]);
    }
    expect(await send(lines, JSON.stringify(WHOLE), 'application/json')).toEqual([
      200,
      { bytes: 0, body: WHOLE },
    ]);
    expect(await send(lines, '{"name":""}', 'application/json')).toMatchObject([
      400,
      { code: 'invalid_request' },
    ]);
    expect(await send(lines, null, 'text/csv')).toEqual([200, { bytes: 0 }]);
  });

  test.each<[string, string, Record<string, string>]>([
    ['of a third type', 'text/plain', {}],
    ['in another charset', 'text/csv; charset=latin1', {}],
    ['compressed', 'text/csv', { 'content-encoding': 'gzip' }],
  ])('does not take one %s', async (_what, type, headers) => {
    const { url } = await startLines();
    expect(await send(`${url}/v1/lines`, 'a,b', type, headers)).toMatchObject([
      415,
      { code: 'unsupported_media_type' },
    ]);
  });

  test('answers when it is refused unread, and goes on on the same connection', async () => {
    const { url } = await startLines();
    for (const refuse of ['no_good', 'no_better']) {
      expect(await send(`${url}/v1/lines?refuse=${refuse}`, 'x'.repeat(3_000_000), 'text/csv')).toMatchObject(
        [400, { code: refuse }],
      );
    }
    expect(await send(`${url}/v1/lines?colour=red`, 'x'.repeat(3_000_000), 'text/csv')).toMatchObject([
      400,
      { code: 'invalid_request' },
    ]);
    expect(await send(`${url}/v1/lines`, 'abc', 'text/csv')).toEqual([200, { bytes: 3 }]);
  });

  test('an answer that all is as before has no body, and says nothing of its length', async () => {
    const { url } = await startLines();
    const answer = await fetch(`${url}/v1/lines?refuse=quietly`, { method: 'POST' });
    expect([answer.status, answer.headers.get('etag'), answer.headers.get('content-length')]).toEqual([
      304,
      '"1"',
      null,
    ]);
  });

  test('is documented with both kinds of body', async () => {
    const { url } = await startLines();
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    expect(document.paths['/v1/lines']?.['post']).toMatchObject({
      requestBody: {
        required: true,
        content: { 'application/json': {}, 'text/csv': { schema: { type: 'string', description: 'Lines' } } },
      },
      responses: {
        200: { content: { 'application/json': {}, 'text/plain': { schema: { type: 'string' } } } },
      },
    });
  });
});
