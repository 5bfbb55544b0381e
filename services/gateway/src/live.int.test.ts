import { waitFor, type Program } from '@payfan/stack/testing';
import { TestClients, type TestClient } from './testing/client.ts';
import { counted } from './testing/metrics.ts';
import { World } from './testing/world.ts';

let world: World;
/** Compares what it told with the log every second or so. */
let attentive: Program;
let ravi: string;
let meera: string;
const clients = new TestClients();

beforeAll(async () => {
  world = await World.start();
  attentive = await world.gateway({ AUDIT_EVERY_MS: '500' });
  ravi = await world.topic('demo_ravi');
  meera = await world.topic('demo_meera');
});
afterEach(() => clients.close());
afterAll(() => world.stop());

const connect = (key: string, url = world.url) => clients.connect(url, { key });
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('what happens', () => {
  test('reaches the accounts that it concerns as it happens', async () => {
    const head = await world.head(ravi);
    const client = await connect('demo_ravi');
    expect(client.ws.protocol).toBe('payfan.v1.json');
    expect(await client.ask({ t: 'subscribe', topic: ravi })).toEqual({ re: 1, ok: true, seq: head });
    await world.pay(2);
    expect(await client.numbers(2)).toEqual([head + 1, head + 2]);
    expect(client.events[0]).toMatchObject({
      ...{ t: 'event', topic: ravi, type: 'transfer.credited' },
      data: { amount: 100, currency: 'INR', counterparty: { name: 'Asha Rao' } },
    });
  });

  test('is delivered from where a client was, in order, and then live', async () => {
    await world.pay(3);
    const client = await connect('demo_ravi');
    const { seq = 0 } = await client.ask({ t: 'subscribe', topic: ravi, after: 1 });
    await world.pay(2);
    expect(await client.numbers(seq + 1)).toEqual(range(2, seq + 2));
    // The answer comes before the first event.
    expect(client.frames[0]).toMatchObject({ re: 1, ok: true });
  });

  test('is delivered by every gateway, to each client that follows it', async () => {
    const [here, there] = [await connect('demo_ravi'), await connect('demo_ravi', attentive.url)];
    for (const client of [here, there]) await client.ask({ t: 'subscribe', topic: ravi });
    await world.pay(1);
    expect(await here.numbers(1)).toEqual(await there.numbers(1));
  });

  test('does not reach a client that has unsubscribed, and reaches one that subscribes again from then on', async () => {
    const client = await connect('demo_meera');
    await client.ask({ t: 'subscribe', topic: meera });
    expect(await client.ask({ t: 'unsubscribe', topic: meera })).toEqual({ re: 2, ok: true });
    const head = await world.head(meera);
    await world.pay(1, 'demo_meera');
    await client.ask({ t: 'subscribe', topic: meera });
    await world.pay(1, 'demo_meera');
    expect(await client.numbers(1)).toEqual([head + 2]);
    // Saying again where it stands is answered with what it has not got.
    await client.ask({ t: 'subscribe', topic: meera, after: head });
    expect(await client.numbers(3)).toEqual([head + 2, head + 1, head + 2]);
    expect(await client.ask({ t: 'subscribe', topic: meera })).toMatchObject({ ok: true });
  });
});

describe('what live messages do not tell', () => {
  test('is found by the next one that comes', async () => {
    const client = await connect('demo_ravi', attentive.url);
    const other = await connect('demo_ravi');
    for (const one of [client, other]) await one.ask({ t: 'subscribe', topic: ravi });
    const head = await world.head(ravi);
    await world.writeUntold(ravi, 3);
    await world.pay(1);
    expect(await other.numbers(4)).toEqual(range(head + 1, head + 4));
    expect(await client.numbers(4)).toEqual(range(head + 1, head + 4));
    expect(await counted(world.url, 'gateway_gap_events_total')).toBeGreaterThanOrEqual(3);
  });

  test('is found by comparing with the log, if nothing more comes', async () => {
    const client = await connect('demo_ravi', attentive.url);
    await client.ask({ t: 'subscribe', topic: ravi });
    const head = await world.head(ravi);
    await world.writeUntold(ravi, 2);
    expect(await client.numbers(2)).toEqual([head + 1, head + 2]);
    const found = () => counted(attentive.url, 'gateway_audits_total', { found: 'behind' });
    await waitFor(async () => (await found()) > 0, { what: 'the finding being counted' });
  });

  test('is found when the broker is there again', async () => {
    const client = await connect('demo_ravi');
    await client.ask({ t: 'subscribe', topic: ravi });
    const head = await world.head(ravi);
    // The broker lists connections a little late.
    await waitFor(async () => (await world.broker.connectionNames()).includes('gateway consuming'), {
      what: 'the gateway being listed',
    });
    await world.broker.closeConnections();
    await world.pay(3);
    expect(await client.numbers(3)).toEqual(range(head + 1, head + 3));
  });
});

describe('history', () => {
  test('that is gone is said, with where to read what is, and what is new follows', async () => {
    await world.pay(3, 'demo_meera');
    const head = await world.head(meera);
    await world.forgetUpTo(meera, 2);
    const client = await connect('demo_meera');
    expect(await client.ask({ t: 'subscribe', topic: meera, after: 1 })).toEqual({
      ...{ re: 1, ok: false, seq: head },
      error: {
        ...{ code: 'history_gone', retryable: false, snapshot: '/v1/accounts/me/entries' },
        detail: expect.stringContaining('snapshot'),
      },
    });
    await world.pay(1, 'demo_meera');
    expect(await client.numbers(1)).toEqual([head + 1]);
  });

  test('of another log is none', async () => {
    const client = await connect('demo_meera');
    expect(await client.ask({ t: 'subscribe', topic: meera, after: 1_000_000 })).toMatchObject({
      ...{ ok: false, seq: await world.head(meera), error: { code: 'history_gone' } },
    });
  });
});

describe('topics without a log', () => {
  test('carry what services publish, to all gateways, without a number', async () => {
    const service = await connect('demo_service');
    const reader = await connect('demo_ravi', attentive.url);
    expect(await reader.ask({ t: 'subscribe', topic: 'public.rates' })).toEqual({ re: 1, ok: true });
    const event = { topic: 'public.rates', type: 'rate.changed', data: { usd: 83.1 } };
    expect(await service.ask({ t: 'publish', ...event })).toEqual({ re: 1, ok: true });
    await reader.numbers(1);
    expect(reader.events).toEqual([
      { t: 'event', ...event, id: expect.any(String), time: expect.any(String) },
    ]);
  });

  test('and accounts can be followed by pattern, by services that were granted it', async () => {
    const service = await connect('key-of-rooms');
    await service.ask({ t: 'subscribe', topic: 'account.*' });
    await service.ask({ t: 'subscribe', topic: 'room.*' });
    await world.pay(1);
    await service.ask({ t: 'publish', topic: 'room.one.two', type: 'said', data: 'hello' });
    await service.ask({ t: 'publish', topic: 'roomy', type: 'said', data: 'nobody hears this' });
    await service.numbers(3);
    const topics = service.events.map(({ topic }) => topic).sort();
    expect(topics).toEqual([await world.topic('demo_asha'), ravi, 'room.one.two'].sort());
  });
});

test('what one may not do is refused, frame by frame', async () => {
  const account = await connect('demo_ravi');
  const forbidden = { ok: false, error: { code: 'forbidden', retryable: false } };
  for (const topic of [meera, 'account.*', 'public.*', 'payout.1']) {
    expect(await account.ask({ t: 'subscribe', topic })).toMatchObject(forbidden);
  }
  expect(await account.ask({ t: 'publish', topic: 'public.rates', type: 'x', data: 1 })).toMatchObject(
    forbidden,
  );
  const service = await connect('demo_service');
  expect(await service.ask({ t: 'publish', topic: ravi, type: 'x', data: 1 })).toMatchObject(forbidden);
  expect(await service.ask({ t: 'subscribe', topic: ravi })).toMatchObject(forbidden);
  const operator = await connect('demo_operator');
  expect(await operator.ask({ t: 'subscribe', topic: meera })).toMatchObject({ ok: true });
  expect(await operator.ask({ t: 'publish', topic: 'public.rates', type: 'x', data: 1 })).toMatchObject(
    forbidden,
  );
});

test('frames that only say something are answered', async () => {
  const client = await connect('demo_ravi');
  expect(await client.ask({ t: 'ping' })).toEqual({ re: 1, ok: true });
  const unknown = { ok: false, error: { code: 'not_subscribed' } };
  expect(await client.ask({ t: 'ack', topic: ravi, seq: 1 })).toMatchObject(unknown);
  expect(await client.ask({ t: 'unsubscribe', topic: ravi })).toMatchObject(unknown);
  await client.ask({ t: 'subscribe', topic: ravi });
  expect(await client.ask({ t: 'ack', topic: ravi, seq: 1 })).toEqual({ re: 5, ok: true });
});

test('a service is held to its grant', async () => {
  const service = await connect('key-of-watcher');
  const asked = async (frame: Parameters<TestClient['ask']>[0]) => (await service.ask(frame)).ok;
  expect(await asked({ t: 'publish', topic: 'public.rates', type: 'x', data: 1 })).toBe(true);
  expect(await asked({ t: 'publish', topic: 'payout.1', type: 'x', data: 1 })).toBe(false);
  expect(await asked({ t: 'subscribe', topic: 'payout.*' })).toBe(true);
  expect(await asked({ t: 'subscribe', topic: ravi })).toBe(false);
});

test('a renewed token without a grant that is in use ends the connection, so that nothing outlives its grant', async () => {
  const shop = (...grants: string[]) => world.tokenOf({ kind: 'service', name: 'shop', grants });
  const service = await connect(await shop('follow:room.*', 'follow:public.*'));
  await service.ask({ t: 'subscribe', topic: 'room.one' });
  expect(await service.ask({ t: 'token', token: await shop('follow:room.one') })).toMatchObject({ ok: true });
  expect(await service.ask({ t: 'ping' })).toMatchObject({ ok: true });
  await service.ask({ t: 'token', token: await shop('follow:public.*') });
  expect(await service.closed).toBe(4200);
});
