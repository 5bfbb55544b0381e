import { waitFor } from '@payfan/stack/testing';
import { WebSocket } from 'ws';
import { keyToken } from './key-token.ts';
import { LiveClient } from './live-client.ts';
import type { LiveClientOptions } from './options.ts';
import { TRANSPORTS, type LiveEvent } from './protocol.ts';
import type { Change, Surroundings } from './surroundings.ts';
import { ScriptedGateway, type Socket } from './testing/scripted-gateway.ts';
import type { Gap } from './topic.ts';

const ASHA = 'account.11111111-1111-4111-8111-111111111111';
const RAVI = 'account.22222222-2222-4222-8222-222222222222';

let gateway: ScriptedGateway;
const clients: LiveClient[] = [];

beforeEach(async () => {
  gateway = new ScriptedGateway();
  await gateway.start();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await gateway.stop();
});

/** With pauses that a test does not notice. */
function clientOf(options: Partial<LiveClientOptions> = {}): LiveClient {
  const client = new LiveClient({
    url: gateway.url,
    token: () => Promise.resolve('jwt-1'),
    WebSocket,
    ...options,
    settings: { backoff: { firstMs: 10, longestMs: 50 }, lingerMs: 50, drainMs: 50, ...options.settings },
  });
  clients.push(client);
  return client;
}
function follow(client: LiveClient, topic = ASHA, after?: number) {
  const seqs: number[] = [];
  const gaps: Gap[] = [];
  const leave = client.subscribe(topic, {
    after,
    onEvent: ({ seq }) => seqs.push(seq ?? 0),
    onGap: (gap) => gaps.push(gap),
  });
  return { seqs, gaps, leave };
}
const until = (what: string, isSo: () => boolean) =>
  waitFor(() => Promise.resolve(isSo()), { what, intervalMs: 5 });
const isLive = (client: LiveClient) => until('live', () => client.status.state === 'live');
const numbers = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
const socket = (index = 0): Socket => gateway.sockets[index]!;
const append = (count: number, topic = ASHA) => {
  for (let index = 0; index < count; index += 1) gateway.append(topic);
};

describe.each(TRANSPORTS)('by %s', (transport) => {
  test('the past and what happens, once and in order, for several subscribers over one connection', async () => {
    append(150);
    const client = clientOf({ transport });
    const asha = follow(client, ASHA, 0);
    const ravi = follow(client, RAVI, 0);
    await isLive(client);
    expect(client.status).toEqual({ state: 'live', transport, caughtUp: 150 });
    const late = follow(client, ASHA, 140);
    append(2);
    append(1, RAVI);
    await until('told', () => asha.seqs.length === 152 && ravi.seqs.length === 1 && late.seqs.length === 12);
    expect(asha.seqs).toEqual(numbers(152));
    expect(late.seqs).toEqual(numbers(152).slice(140));
    expect(gateway.upgrades).toBe(transport === 'websocket' ? 1 : 0);
    const traffic = client.traffic();
    expect(traffic[transport].requests).toBeGreaterThan(0);
    expect(traffic[transport].receivedBytes).toBeGreaterThan(152 * 100);
    for (const other of TRANSPORTS.filter((one) => one !== transport)) {
      expect(traffic[other]).toEqual({ requests: 0, sentBytes: 0, receivedBytes: 0, events: 0 });
    }
  });

  test('without a number only what is new', async () => {
    append(3);
    const client = clientOf({ transport });
    const { seqs } = follow(client);
    await isLive(client);
    append(1);
    await until('told', () => seqs.length > 0);
    expect(seqs).toEqual([4]);
  });

  test('if the log no longer reaches back, the client reports that, and then the events that follow', async () => {
    append(9);
    gateway.log(ASHA).first = 6;
    const client = clientOf({ transport });
    const { seqs, gaps } = follow(client, ASHA, 2);
    await isLive(client);
    expect(gaps).toEqual([{ topic: ASHA, after: 2, resumesAfter: 9, snapshot: '/v1/accounts/me/entries' }]);
    append(1);
    await until('told', () => seqs.length > 0);
    expect(seqs).toEqual([10]);
  });

  test('the connection is cut, and resumed', async () => {
    const client = clientOf({ transport });
    const { seqs } = follow(client, ASHA, 0);
    await isLive(client);
    for (let cut = 0; cut < 3; cut += 1) {
      append(2);
      for (const { ws } of gateway.sockets) ws.terminate();
      for (const stream of gateway.streams) stream.destroy();
      if (transport === 'polling') gateway.requests.at(-1)?.socket.destroy();
      append(2);
      await until('told', () => seqs.length === 4 * (cut + 1));
    }
    expect(seqs).toEqual(numbers(12));
  });

  test('the token is never in an address', async () => {
    const client = clientOf({ transport });
    follow(client);
    await isLive(client);
    for (const { url, headers } of gateway.requests) {
      expect(url).not.toContain('jwt-1');
      expect(headers.authorization).toBe('Bearer jwt-1');
    }
    if (transport === 'websocket') expect(socket().bearer).toBe('bearer.jwt-1');
  });
});

test('lost and repeated events on the way', async () => {
  const client = clientOf();
  const { seqs } = follow(client, ASHA, 0);
  await isLive(client);
  gateway.fate = ({ seq = 0 }) => (seq % 3 === 0 ? 'drop' : seq % 3 === 1 ? 'repeat' : 'tell');
  append(20);
  await until('told', () => seqs.length === 20);
  expect(seqs).toEqual(numbers(20));
});

test('switching the transport while events come: each of them once', async () => {
  const client = clientOf();
  const { seqs } = follow(client, ASHA, 0);
  await isLive(client);
  const states = new Set<string>();
  client.onStatus(() => states.add(client.status.state));
  for (const transport of ['sse', 'polling', 'websocket', 'polling', 'sse', 'websocket'] as const) {
    client.setTransport(transport);
    append(3);
    await until(`by ${transport}`, () => client.status.transport === transport);
    append(3);
  }
  await until('told', () => seqs.length === 36);
  expect(seqs).toEqual(numbers(36));
  expect([...states]).toEqual(['live']);
  await until('one connection', () => gateway.sockets.length === 1 && gateway.streams.length === 0);
});

test('asked to move, it opens the new socket, and only then closes the old one', async () => {
  const client = clientOf();
  const { seqs } = follow(client, ASHA, 0);
  await isLive(client);
  const old = socket();
  gateway.say(old, { t: 'reconnect', afterMs: 1 });
  await until('two sockets', () => gateway.sockets.length === 2);
  append(2);
  await until('the old one closed', () => gateway.sockets.length === 1);
  append(2);
  await until('told', () => seqs.length === 4);
  expect(seqs).toEqual(numbers(4));
  expect(socket()).not.toBe(old);
  expect(client.status.state).toBe('live');
});

test('proxies in the way: by SSE, and where that comes only in whole answers, by polling', async () => {
  gateway.blocksUpgrades = true;
  gateway.keepsStreams = true;
  const client = clientOf({ settings: { answerMs: 100 } });
  const { seqs } = follow(client, ASHA, 0);
  await isLive(client);
  expect(client.status.transport).toBe('polling');
  expect(gateway.upgrades).toBe(3);
  append(2);
  await until('told', () => seqs.length === 2);
});

test('no WebSocket at all', async () => {
  const client = clientOf({ WebSocket: (() => undefined) as never });
  follow(client);
  await isLive(client);
  expect(client.status.transport).toBe('sse');
});

test('a refused token is requested again; a token that the gateway announces to end is replaced', async () => {
  const asked: boolean[] = [];
  const client = clientOf({
    token: ({ renew }) => Promise.resolve(`jwt-${asked.push(renew)}`),
  });
  follow(client, ASHA, 0);
  await isLive(client);
  socket().ws.close(4200);
  await until('another socket', () => gateway.sockets.some(({ bearer }) => bearer === 'bearer.jwt-2'));
  await isLive(client);
  gateway.say(socket(), { t: 'token-ends', inMs: 25_000 });
  await until('the new token', () => socket().frames.some(({ t }) => t === 'token'));
  expect(socket().frames.at(-1)).toMatchObject({ t: 'token', token: 'jwt-3' });
  expect(asked).toEqual([false, true, true]);
});

test('over HTTP: a token that has expired is replaced at once, and a bad one refused', async () => {
  gateway.answerWith = ({ headers }, response) => {
    if (headers.authorization === 'Bearer jwt-2') return false;
    response.writeHead(401).end('{"code":"unauthenticated"}');
    return true;
  };
  let tokens = 0;
  const client = clientOf({ transport: 'polling', token: () => Promise.resolve(`jwt-${(tokens += 1)}`) });
  follow(client);
  await isLive(client);
  const other = clientOf({ transport: 'sse' });
  follow(other);
  await until('refused', () => other.status.state === 'refused');
  expect(other.status).toMatchObject({ reason: 'bad_token' });
});

test('over HTTP: a topic that is forbidden, and one that cannot be polled', async () => {
  gateway.answerWith = ({ url }, response) => {
    if (url?.includes(RAVI) !== true) return false;
    response.writeHead(403).end('{"code":"forbidden","detail":"not yours"}');
    return true;
  };
  const client = clientOf({ transport: 'polling' });
  const failures: string[] = [];
  for (const topic of [RAVI, 'public.news']) {
    client.subscribe(topic, { onEvent: () => undefined, onFailure: ({ code }) => failures.push(code) });
  }
  await until('told', () => failures.length === 2);
  expect(failures.toSorted()).toEqual(['forbidden', 'invalid_frame']);
});

test('over HTTP: whoever answers otherwise is not the gateway, and is asked again', async () => {
  const answers = [
    [503, '{}'],
    [429, '{}'],
    [200, '<html>Log in to the hotel'],
    [200, '{"data":7}'],
  ] as const;
  let asked = 0;
  gateway.answerWith = (_request, response) => {
    const answer = answers[asked];
    asked += 1;
    if (answer === undefined) return false;
    response.writeHead(answer[0], { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }).end(answer[1]);
    return true;
  };
  const client = clientOf({ transport: 'polling' });
  follow(client);
  await isLive(client);
  expect(asked).toBeGreaterThan(answers.length);
});

test('publishing', async () => {
  const client = clientOf();
  await client.publish('ops.queues', 'queue.grew', { depth: 3 });
  expect(socket().frames).toMatchObject([
    { t: 'publish', topic: 'ops.queues', type: 'queue.grew', data: { depth: 3 } },
  ]);
  socket().isMute = true;
  const lost = client.publish('ops.queues', 'queue.grew', {});
  await until('sent', () => socket().frames.length === 2);
  socket().ws.terminate();
  await expect(lost).rejects.toMatchObject({ name: 'PublishError', failure: { code: 'unanswered' } });
});

test('the connection closes a little after the last subscriber, and comes back for the next', async () => {
  const client = clientOf();
  const first = follow(client);
  await isLive(client);
  first.leave();
  first.leave();
  await until('closed', () => gateway.sockets.length === 0);
  expect(client.status.state).toBe('idle');
  append(1);
  expect(first.seqs).toEqual([]);
  const second = follow(client, ASHA, 0);
  await until('told', () => second.seqs.length === 1);
});

test('a server that is silent is left: its pings cannot be seen', async () => {
  const client = clientOf({ settings: { pingAfterMs: 20, pongMs: 20 } });
  follow(client);
  await isLive(client);
  const silent = socket();
  silent.isMute = true;
  await until('another socket', () => !gateway.sockets.includes(silent) && gateway.sockets.length === 1);
  expect(silent.frames.at(-1)).toMatchObject({ t: 'ping' });
});

test('what the page hears of its machine', async () => {
  let tell: ((change: Change) => void) | undefined;
  const surroundings: Surroundings = {
    isOnline: () => true,
    listen: (onChange) => {
      tell = onChange;
      return () => (tell = undefined);
    },
  };
  const client = clientOf({ surroundings, settings: { backoff: { firstMs: 3e6, longestMs: 3e6 } } });
  const { leave } = follow(client);
  await isLive(client);
  tell?.('offline');
  socket().ws.close(4102);
  await until('offline', () => client.status.state === 'offline');
  expect(client.status).toMatchObject({ since: expect.any(Number) });
  tell?.('online');
  client.retry();
  await isLive(client);
  leave();
  await until('idle', () => client.status.state === 'idle');
  expect(tell).toBeUndefined();
});

test('a subscriber that fails does not disturb the others, and may subscribe while it handles an event', async () => {
  const errors: unknown[] = [];
  const client = clientOf({ onSubscriberError: (error) => errors.push(error) });
  const nested: LiveEvent[] = [];
  client.subscribe(ASHA, {
    after: 0,
    onEvent: () => {
      client.subscribe(ASHA, { after: 0, onEvent: (event) => nested.push(event) });
      throw new Error('mistake');
    },
  });
  const { seqs } = follow(client, ASHA, 0);
  append(1);
  await until('told', () => seqs.length === 1 && nested.length === 1);
  expect(errors).toEqual([new Error('mistake')]);
});

test('a key is exchanged for tokens, each used until shortly before it ends', async () => {
  let now = Date.parse('2025-01-01T00:00:00Z');
  let exchanged = 0;
  gateway.answerWith = ({ method, url, headers }, response) => {
    expect([method, url, headers.authorization]).toEqual(['POST', '/v1/tokens', 'Bearer demo_service']);
    exchanged += 1;
    if (exchanged > 3) response.writeHead(503).end();
    else response.end(JSON.stringify({ token: `jwt-${exchanged}`, expiresAt: new Date(now + 60_000) }));
    return true;
  };
  const token = keyToken({ url: gateway.url, key: 'demo_service', now: () => now });
  expect(await token({ renew: false })).toBe('jwt-1');
  expect(await token({ renew: false })).toBe('jwt-1');
  expect(await token({ renew: true })).toBe('jwt-2');
  now += 31_000;
  expect(await token({ renew: false })).toBe('jwt-3');
  now += 31_000;
  await expect(token({ renew: false })).rejects.toThrow('503');
});
