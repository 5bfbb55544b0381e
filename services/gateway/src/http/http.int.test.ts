import { connect as connectTcp } from 'node:net';
import { LiveEventPage } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { TestClient } from '../testing/client.ts';
import { EventReader } from '../testing/event-reader.ts';
import { counted } from '../testing/metrics.ts';
import { World } from '../testing/world.ts';

let world: World;
let ravi: string;
const readers: EventReader[] = [];
beforeAll(async () => {
  world = await World.start();
  ravi = await world.topic('demo_ravi');
});
afterEach(() => {
  for (const reader of readers.splice(0)) reader.close();
});
afterAll(() => world.stop());

const as = (key: string, headers: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${key}`, ...headers },
});
async function stream(
  query = '',
  { key = 'demo_ravi', url = world.url, ...headers }: Record<string, string> = {},
): Promise<EventReader> {
  const reader = await EventReader.open(`${url}/v1/stream${query}`, as(key, headers));
  readers.push(reader);
  return reader;
}
async function poll(query: string, key = 'demo_ravi', url = world.url) {
  const response = await fetch(`${url}/v1/events${query}`, as(key));
  const body: unknown = await response.json();
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body };
}
async function page(query: string, key?: string) {
  const { status, body } = await poll(query, key);
  expect(status).toBe(200);
  const { data, next } = LiveEventPage.parse(body);
  return { numbers: data.map(({ seq }) => seq), next };
}
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('server-sent events', () => {
  test('tell what is new on one’s own topic, each with its number as id', async () => {
    const reader = await stream();
    const head = await world.head(ravi);
    await world.pay(2);
    const [first, second] = await reader.events(2);
    expect([first?.id, second?.id]).toEqual([String(head + 1), String(head + 2)]);
    expect(JSON.parse(first?.data ?? '')).toMatchObject({ t: 'event', topic: ravi, seq: head + 1 });
  });

  test('tell where they begin, so that a client that is cut before its first event misses nothing', async () => {
    const head = await world.head(ravi);
    const fresh = await stream();
    await waitFor(() => Promise.resolve(fresh.lastId === String(head)), {
      what: `an id (${fresh.lastId})`,
    });
    fresh.close();
    await world.pay(1);
    const again = await stream('', { 'last-event-id': String(fresh.lastId) });
    expect((await again.events(1))[0]).toMatchObject({ id: String(head + 1) });
  });

  test('begin after the last one that was seen', async () => {
    await world.pay(3);
    const head = await world.head(ravi);
    const again = await stream('', { 'last-event-id': '1' });
    await world.pay(1);
    expect((await again.events(head)).map(({ id }) => Number(id))).toEqual(range(2, head + 1));
    const after = await stream('?after=2');
    expect((await after.events(head - 1)).map(({ id }) => Number(id))).toEqual(range(3, head + 1));
  });

  test('say so if the log no longer reaches back', async () => {
    const meera = await world.topic('demo_meera');
    await world.pay(2, 'demo_meera');
    await world.forgetUpTo(meera, 1);
    const reader = await stream('?after=0', { key: 'demo_meera' });
    const [gone] = await reader.events(1);
    expect(gone).toMatchObject({ event: 'history_gone', id: '2' });
    expect(JSON.parse(gone?.data ?? '')).toMatchObject({
      ...{ seq: 2, error: { snapshot: '/v1/accounts/me/entries' } },
    });
    await world.pay(1, 'demo_meera');
    expect((await reader.events(2))[1]).toMatchObject({ id: '3' });
  });

  test('show that the connection is alive, and end with the token', async () => {
    const { url } = await world.gateway({ PING_EVERY_MS: '300' });
    const reader = await stream('', { key: await world.tokenFor('demo_ravi', 4), url });
    await waitFor(() => Promise.resolve(reader.comments > 0), { what: 'a comment' });
    expect((await reader.events(1))[0]).toMatchObject({ event: 'token-ends' });
    await reader.ended;
  });

  test.each([
    ['a stranger', 'nobody', '', 401],
    ['another’s topic', 'demo_meera', '?topic={ravi}', 403],
    ['a service that does not say which', 'demo_service', '', 400],
    ['no number', 'demo_ravi', '?after=last', 400],
  ])('are refused: %s', async (_what, key, query, status) => {
    const response = await fetch(`${world.url}/v1/stream${query.replace('{ravi}', ravi)}`, as(key));
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    await response.body?.cancel();
  });

  test.each(['last', '-1', '1.5', '99999999999999999999'])('are not begun after %s', async (id) => {
    const response = await fetch(`${world.url}/v1/stream`, as('demo_ravi', { 'last-event-id': id }));
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'invalid_request' }]);
  });

  test('resume on another gateway, while events come', async () => {
    const { url } = await world.gateway();
    const head = await world.head(ravi);
    const first = await stream();
    await world.pay(2);
    const seen = (await first.events(2)).at(-1)?.id ?? '';
    first.close();
    const paying = world.pay(6);
    const again = await stream('', { url, 'last-event-id': seen });
    await paying;
    expect((await again.events(6)).map(({ id }) => Number(id))).toEqual(range(head + 3, head + 8));
  });

  test('count as connections', async () => {
    const { url } = await world.gateway({ CONNECTIONS_PER_ACCOUNT: '1' });
    const first = await stream('', { url });
    const second = await fetch(`${url}/v1/stream`, as('demo_ravi'));
    expect([second.status, await second.json()]).toMatchObject([429, { code: 'too_many_connections' }]);
    first.close();
    await waitFor(() => stream('', { url }), { what: 'a place being free' });
  });

  test('need nothing kept for a client that has gone', async () => {
    const reader = await stream();
    reader.close();
    const connections = async () => {
      const text = await (await fetch(`${world.url}/metrics`)).text();
      return /^gateway_connections\{kind="stream".*\} 0$/m.test(text);
    };
    await waitFor(connections, { what: 'no stream being open' });
  });

  test('that are not read are ended, and what waited for them is gone', async () => {
    const { url } = await world.gateway({ BUFFER_BYTES: '65536' });
    const service = await TestClient.connect(url, { key: 'demo_service' });
    const socket = connectTcp(Number(new URL(url).port), '127.0.0.1').pause();
    const lines = [
      'GET /v1/stream?topic=public.flood HTTP/1.1',
      'Host: x',
      'Authorization: Bearer demo_ravi',
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const open = () => counted(url, 'gateway_connections', { kind: 'stream' });
    await waitFor(async () => (await open()) === 1, { what: 'the stream being open' });
    const data = 'x'.repeat(50_000);
    for (let count = 0; count < 2_000 && (await open()) === 1; count += 1) {
      await service.ask({ t: 'publish', topic: 'public.flood', type: 'noise', data });
    }
    expect(await counted(url, 'gateway_closes_total', { kind: 'stream', code: 'slow' })).toBe(1);
    socket.destroy();
    await service.close();
  });

  test('to HEAD are headers alone', async () => {
    const response = await fetch(`${world.url}/v1/stream`, { ...as('demo_ravi'), method: 'HEAD' });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });
});

describe('polling', () => {
  test('reads page by page, and says where to go on', async () => {
    await world.pay(3);
    expect(await page('?after=0&limit=2')).toEqual({ numbers: [1, 2], next: 2 });
    expect(await page('?limit=1')).toEqual({ numbers: [1], next: 1 });
    const head = await world.head(ravi);
    expect(await page(`?after=2&topic=${ravi}`)).toEqual({ numbers: range(3, head), next: head });
    expect(await page(`?after=${head}`)).toEqual({ numbers: [], next: head });
  });

  test('waits until something happens', async () => {
    const head = await world.head(ravi);
    const [answer] = await Promise.all([page(`?after=${head}&wait=30`), world.pay(1)]);
    expect(answer).toEqual({ numbers: [head + 1], next: head + 1 });
  });

  test('waits no longer than asked', async () => {
    const head = await world.head(ravi);
    expect(await page(`?after=${head}&wait=1`)).toEqual({ numbers: [], next: head });
  });

  test('says so if the log no longer reaches back, or never did', async () => {
    const meera = await world.topic('demo_meera');
    await world.pay(3, 'demo_meera');
    const head = await world.head(meera);
    await world.forgetUpTo(meera, 2);
    const gone = {
      status: 410,
      body: { code: 'history_gone', snapshot: '/v1/accounts/me/entries', seq: head },
    };
    expect(await poll('?after=0', 'demo_meera')).toMatchObject(gone);
    expect(await poll('?after=9999', 'demo_meera')).toMatchObject(gone);
    expect(await page('', 'demo_meera')).toEqual({ numbers: range(3, head), next: head });
  });

  test('of the newest skips what is before them, and nothing is gone', async () => {
    await world.pay(3);
    const head = await world.head(ravi);
    expect(await page('?newest=true&limit=2')).toEqual({ numbers: [head - 1, head], next: head });
    expect(await page(`?after=${head - 1}&newest=true&limit=2`)).toEqual({ numbers: [head], next: head });
    expect(await page(`?after=${head}&newest=true`)).toEqual({ numbers: [], next: head });
    expect(await page('?after=9999&newest=true&limit=1')).toEqual({ numbers: [head], next: head });
    expect(await page('?after=0&newest=false&limit=1')).toEqual({ numbers: [1], next: 1 });
    const meera = await world.topic('demo_meera');
    await world.pay(3, 'demo_meera');
    const last = await world.head(meera);
    await world.forgetUpTo(meera, last - 1);
    expect(await page('?after=1&newest=true', 'demo_meera')).toEqual({ numbers: [last], next: last });
  });

  test('of the newest reaches the end of a log that is longer than a page', async () => {
    await world.pay(101 - Math.min(100, await world.head(ravi)));
    const head = await world.head(ravi);
    expect(await page('?after=0&newest=true&limit=3')).toEqual({
      numbers: range(head - 2, head),
      next: head,
    });
  });

  test('of the newest waits, too', async () => {
    const head = await world.head(ravi);
    const [answer] = await Promise.all([page(`?after=${head}&newest=true&wait=30`), world.pay(1)]);
    expect(answer).toEqual({ numbers: [head + 1], next: head + 1 });
  });

  test.each([
    ['a topic without a log', '?topic=public.rates', 400],
    ['another’s topic', '?topic=account.00000000-0000-7000-8000-00000003ee10', 403],
    ['too long a wait', '?wait=31', 400],
    ['too large a page', '?limit=101', 400],
  ])('is refused: %s', async (_what, query, status) => {
    expect((await poll(query)).status).toBe(status);
  });

  test('goes on at another gateway, page by page, while events come', async () => {
    const { url } = await world.gateway();
    const head = await world.head(ravi);
    const paying = world.pay(6);
    const numbers: (number | undefined)[] = [];
    for (let turn = 0, after = head; numbers.length < 6; turn += 1) {
      const query = `?after=${after}&wait=10&limit=2`;
      const { body } = await poll(query, 'demo_ravi', turn % 2 === 0 ? world.url : url);
      const { data, next } = LiveEventPage.parse(body);
      numbers.push(...data.map(({ seq }) => seq));
      after = next;
    }
    await paying;
    expect(numbers).toEqual(range(head + 1, head + 6));
  });

  test('with a token that has ended is refused, and so is a stream', async () => {
    const token = await world.tokenFor('demo_ravi', -10);
    for (const path of ['events', 'stream']) {
      const response = await fetch(`${world.url}/v1/${path}`, as(token));
      expect([response.status, await response.json()]).toMatchObject([401, { code: 'unauthenticated' }]);
    }
  });

  test('is asked to come again while the log is away', async () => {
    const { url } = await world.gateway({ PUSH_URL: 'http://127.0.0.1:2' });
    expect(await poll('', 'demo_ravi', url)).toMatchObject({
      ...{ status: 503, retryAfter: '2', body: { code: 'temporarily_unavailable' } },
    });
  });
});

describe('pages of other origins', () => {
  test('may ask, if they are ours', async () => {
    const origin = 'http://localhost:3000';
    const question = await fetch(`${world.url}/v1/events`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect(question.status).toBe(204);
    expect(question.headers.get('access-control-allow-origin')).toBe(origin);
    expect(question.headers.get('access-control-allow-headers')).toContain('authorization');
    const answer = await fetch(`${world.url}/v1/events`, as('demo_ravi', { origin }));
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('vary')).toContain('origin');
    await answer.body?.cancel();
  });

  test('get no header that would allow them, if they are not', async () => {
    const origin = 'https://evil.example';
    const answer = await fetch(`${world.url}/v1/events`, as('demo_ravi', { origin }));
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    await answer.body?.cancel();
  });
});
