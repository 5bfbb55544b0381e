import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@payfan/stack/testing';
import { z } from 'zod';
import { startApi, stopApis, type RunningApi } from './testing.ts';
import type { Principal } from '../token.ts';
import type { ApiOptions } from './api.ts';

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopApis();
});

const principals: Record<string, Principal> = Object.fromEntries(
  Array.from({ length: 12 }, (_, n) => [`key${n}`, { kind: 'account', accountId: `a${n}`, tier: 'free' }]),
);

/** An API that counts the bytes of uploads, in 16 slots, and takes small things without slots. */
async function startUploads(
  options: Pick<ApiOptions, 'bodyBounds'> & { beforeReading?: () => Promise<void> } = {},
) {
  const { beforeReading, ...rest } = options;
  const api = await startApi(
    (api) => {
      api.route(
        {
          ...{ method: 'post', path: '/v1/uploads', summary: 'Uploads', auth: 'required' },
          body: z.unknown(),
          bodyLimit: 1_000_000,
          slots: 16,
          takesLong: true,
          streams: { 'text/csv': 'Lines' },
          responses: { 200: { description: 'Counted', schema: z.unknown() } },
        },
        async ({ stream }) => {
          let bytes = 0;
          for await (const chunk of stream ?? []) {
            bytes += chunk.length;
            await beforeReading?.();
          }
          return { status: 200, body: { bytes } };
        },
      );
      api.route(
        {
          ...{ method: 'post', path: '/v1/things', summary: 'Things', auth: 'required' },
          body: z.unknown(),
          responses: { 200: { description: 'Made', schema: z.unknown() } },
        },
        () => ({ status: 200, body: {} }),
      );
    },
    { authenticate: (bearer) => Promise.resolve(principals[bearer]), ...rest },
  );
  const refusals = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`${api.url}/metrics`)).text();
    const counted = text.matchAll(/^payfan_request_bodies_refused_total\{reason="(\w+)"[^}]*\} (\d+)$/gm);
    return Object.fromEntries([...counted].map(([, reason = '', count]) => [reason, Number(count)]));
  };
  return { ...api, refusals };
}

interface Sent {
  readonly path?: string;
  readonly key?: string;
  readonly type?: string;
  readonly headers?: string;
  /** What is sent of the body; its Content-Length is a million bytes by default. */
  readonly body?: string | Buffer;
  readonly length?: number;
}

/** Sends a part of a request on a connection of its own. */
function begin(port: number, sent: Sent = {}) {
  const { path = '/v1/uploads', key = 'key0', type = 'text/csv', headers = '' } = sent;
  const { body = 'x', length = 1_000_000 } = sent;
  // The server may close the connection while this end still sends.
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${length}\r\n${headers}\r\n`,
  );
  socket.write(body);
  return { socket, closed, text: () => text };
}

const answerTo = async (upload: ReturnType<typeof begin>): Promise<string> => {
  await waitFor(() => Promise.resolve(upload.text().includes('"code"')), {
    what: 'an answer',
  });
  return upload.text();
};
const post = (url: string, key: string, path = '/v1/uploads', body = '{}') =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
  });
/** Begins uploads of an account until it may have no more. */
const fillShare = ({ url, server }: Pick<RunningApi, 'url' | 'server'>, key: string, type: string) =>
  waitFor(
    async () => {
      if ((await post(url, key)).status === 429) return true;
      begin(server.port, { type, key });
      return false;
    },
    { what: 'a refusal' },
  );

describe.each(['application/json', 'text/csv'])('unfinished uploads as %s', (type) => {
  test('of one account beyond its share are refused before their bodies are read, and others have slots', async () => {
    const api = await startUploads();
    const { url, server, refusals } = api;
    await fillShare(api, 'key0', type);
    // Nothing of this body is ever sent.
    const refused = await answerTo(begin(server.port, { type, body: '' }));
    expect(refused).toMatch(/^HTTP\/1.1 429 /);
    expect(refused).toMatch(/retry-after: 2\r\n/i);
    expect(refused).toContain('"code":"too_many_uploads"');
    expect((await post(url, 'key1')).status).toBe(200);
    expect((await refusals())['owner_slots']).toBeGreaterThan(0);
  });

  test('of four accounts leave slots to others, and of nine do not', async () => {
    const api = await startUploads();
    const { url, server } = api;
    for (const key of ['key0', 'key1', 'key2', 'key3']) await fillShare(api, key, type);
    expect((await post(url, 'key4')).status).toBe(200);
    for (const key of ['key4', 'key5', 'key6', 'key7', 'key8']) begin(server.port, { type, key });
    await waitFor(async () => (await post(url, 'key9')).status === 503, {
      what: 'all slots being taken',
    });
    const refused = await post(url, 'key9');
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toMatchObject({ code: 'overloaded' });
  });

  test('that are idle end with 408, and their slots are free again', async () => {
    const { url, server, lines, refusals } = await startUploads({ bodyBounds: { tickMs: 20 } });
    const uploads = [1, 2, 3, 4].map(() => begin(server.port, { type }));
    for (const text of await Promise.all(uploads.map(({ closed }) => closed))) {
      expect(text).toMatch(/^HTTP\/1.1 408 /);
      expect(text).toMatch(/connection: close\r\n/i);
      expect(text).toContain('"code":"request_timeout"');
    }
    await waitFor(async () => (await post(url, 'key0')).status === 200, {
      what: 'a slot being free',
    });
    expect(await refusals()).toMatchObject({ idle: 4 });
    const logged = lines.filter(({ status }) => status === 408);
    expect(logged).toHaveLength(4);
    expect(logged[0]).toMatchObject({ route: '/v1/uploads', code: 'request_timeout' });
  });

  test('that trickle end, too', async () => {
    const { server, refusals } = await startUploads({ bodyBounds: { tickMs: 20 } });
    const { socket, closed } = begin(server.port, { type });
    const trickle = setInterval(() => socket.write('x'), 10);
    expect(await closed).toContain('"code":"request_timeout"');
    clearInterval(trickle);
    expect(Object.values(await refusals())).toEqual([1]);
  });
});

test('a compressed body that is idle ends as well', async () => {
  const { server } = await startUploads({ bodyBounds: { tickMs: 20 } });
  const { closed } = begin(server.port, {
    type: 'application/json',
    headers: 'Content-Encoding: gzip\r\n',
    body: Buffer.from([0x1f, 0x8b]),
  });
  expect(await closed).toContain('"code":"request_timeout"');
});

test('a connection whose body no handler reads is closed as well, after its answer', async () => {
  const { server, refusals } = await startUploads({ bodyBounds: { tickMs: 20 } });
  const texts = [{ key: 'stranger' }, { path: '/nowhere' }].map((sent) => begin(server.port, sent).closed);
  const [stranger, nowhere] = await Promise.all(texts);
  expect(stranger).toMatch(/^HTTP\/1.1 401 /);
  expect(nowhere).toMatch(/^HTTP\/1.1 404 /);
  expect(await refusals()).toEqual({ idle: 2 });
});

test('a client that has to wait for us is not idle', async () => {
  let ticks = 0;
  const { url } = await startUploads({
    bodyBounds: { tickMs: 50 },
    // Once, for longer than a client may be idle, and not as long as a whole body may take.
    beforeReading: () => (ticks++ === 0 ? delay(1_500) : Promise.resolve()),
  });
  const answer = await fetch(`${url}/v1/uploads`, {
    method: 'POST',
    headers: { authorization: 'Bearer key0', 'content-type': 'text/csv' },
    body: 'x'.repeat(900_000),
  });
  expect(await answer.json()).toEqual({ bytes: 900_000 });
});

test('a body in one piece, or of many that come in time, is never ended', async () => {
  const { server, refusals } = await startUploads({ bodyBounds: { tickMs: 20 } });
  const { socket, text } = begin(server.port, { body: '', length: 5 });
  for (const byte of 'abcde') {
    await delay(20);
    socket.write(byte);
  }
  await waitFor(() => Promise.resolve(text().includes('{"bytes":5}')), { what: 'it' });
  // The connection is kept for longer than any body may take.
  await delay(3_000);
  socket.write('POST /v1/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key0\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  expect(chunk.toString()).toMatch(/^HTTP\/1.1 (200|400) /);
  expect(await refusals()).toEqual({});
});

test('unfinished small bodies take no more memory than is set apart, and one account not all of it', async () => {
  const { url, server, refusals } = await startUploads({ bodyBounds: { bytes: 6_000 } });
  const things = { path: '/v1/things', type: 'application/json', length: 60_000, body: 'x'.repeat(1_000) };
  const small = (key: string) => post(url, key, '/v1/things');
  const fill = async (key: string) => {
    for (let n = 0; n < 10; n += 1) begin(server.port, { ...things, key });
    await waitFor(async () => (await small(key)).status !== 200, { what: 'a refusal' });
    return (await small(key)).json();
  };
  expect(await fill('key0')).toMatchObject({ code: 'too_many_uploads' });
  expect((await small('key1')).status).toBe(200);
  // However many come, what is free is never less than nothing.
  for (const key of ['key1', 'key2', 'key3', 'key4', 'key5', 'key6']) await fill(key);
  const refused = await post(url, 'key11', '/v1/things', JSON.stringify('x'.repeat(1_000)));
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
  expect(await refused.json()).toMatchObject({ code: 'overloaded' });
  expect(await refusals()).toMatchObject({ owner_bytes: expect.any(Number), bytes: expect.any(Number) });

  for (const socket of sockets.splice(0)) socket.destroy();
  await waitFor(async () => (await small('key0')).status === 200, {
    what: 'bytes given back',
  });
});

test('the documentation names every refusal of a body', async () => {
  const { url } = await startUploads();
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
  };
  const { responses = {} } = document.paths['/v1/uploads']?.['post'] ?? {};
  expect(responses['408']?.description).toContain('`request_timeout`');
  expect(responses['429']?.description).toContain('`too_many_uploads`');
  expect(responses['503']?.description).toContain('`overloaded`');
});
