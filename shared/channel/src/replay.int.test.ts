import {
  ATTEMPT_HEADER,
  CLOUDEVENTS_JSON,
  RETRY_STEPS,
  channelTopology,
  retryExchange,
  retryRoutingKey,
  type DeadLetter,
  type DeadLetterDetail,
  type ReplayResult,
  type TransferCompleted,
} from '@payfan/contracts';
import { openBroker, type Broker } from '@payfan/messaging';
import { createLogger } from '@payfan/service';
import { waitFor, startTcpProxy, type TcpProxy } from '@payfan/stack/testing';
import { someTransfer } from './contract.ts';
import { storeUnreadable } from './dead-letter-store.ts';
import { findOpenLetters, leaseLetters, reviveDeliveries, settleLetters } from './replay-store.ts';
import { setUp } from './testing/bench.ts';
import { startChannelApi } from './testing/channel-api.ts';
import { letDie } from './testing/let-die.ts';
import { PliableWorld } from './testing/pliable-world.ts';

const world = new PliableWorld();
let bench: Awaited<ReturnType<typeof setUp>>;
let api: Awaited<ReturnType<typeof startChannelApi>>;
/** The replays' own way to the broker: what goes over it can be counted, and it can be cut. */
let proxy: TcpProxy;
let broker: Broker;
let published: string[] = [];
let beforePublish: () => Promise<void> = () => Promise.resolve();
let nowMs = () => performance.now();

beforeAll(async () => {
  bench = await setUp(world.subject());
  proxy = await startTcpProxy(bench.amqpUrl);
  broker = openBroker({
    urls: [proxy.through(bench.amqpUrl)],
    name: 'replays',
    log: createLogger({ service: 'phone', level: 'silent' }),
    topology: channelTopology('phone'),
  });
  await broker.start();
  await brokerIsThere();
  api = await startChannelApi({
    channel: 'phone',
    database: bench.database,
    nowMs: () => nowMs(),
    broker: {
      get publishable() {
        return broker.publishable;
      },
      async publish(message) {
        await beforePublish();
        published.push(message.messageId);
        return broker.publish(message);
      },
    },
  });
});
afterEach(async () => {
  world.answer = () => ({ kind: 'sent', reference: 'theirs' });
  beforePublish = () => Promise.resolve();
  nowMs = () => performance.now();
  published = [];
  // Each test has letters of its own.
  await bench.database.query({ text: `update dead_letters set state = 'replayed' where state = 'open'` });
});
afterAll(async () => {
  await api.stop();
  await broker.stop();
  await proxy.stop();
  await bench.close();
});

const brokerIsThere = () => waitFor(() => broker.ping(), { what: 'the broker' });
const eventually = (what: string, condition: () => Promise<boolean>) => waitFor(condition, { what });

const replay = async (wish: object) =>
  (await api.post<ReplayResult>('/v1/dead-letters/replay', { ratePerSecond: 1_000, ...wish })).body;
const letterOf = async ({ data }: TransferCompleted): Promise<DeadLetter> => {
  const query = `?state=all&transferId=${data.transferId}`;
  const { body } = await api.get<{ data: DeadLetter[] }>(`/v1/dead-letters${query}`);
  return body.data[0]!;
};
const detail = async (id: string) => (await api.get<DeadLetterDetail>(`/v1/dead-letters/${id}`)).body;
/** How often the payee of this event was told. */
const timesTold = ({ id }: TransferCompleted) =>
  world.told.filter((reference) => reference === `${id}.payee`).length;
const told = (...events: TransferCompleted[]) =>
  eventually('everybody being told', () => Promise.resolve(events.every((event) => timesTold(event) > 0)));

/** Resolves when whatever is in the queue by now, copies included, was handed out. */
async function drained(): Promise<void> {
  const last = someTransfer();
  await bench.publish(last);
  await told(last);
}

/** Transfers whose payer was told, and whose payee was given up. */
async function dead(count: number, error = '550 no such user'): Promise<TransferCompleted[]> {
  const events = Array.from({ length: count }, () => someTransfer());
  for (const event of events) await letDie(bench.database, event, { error });
  await Promise.all(events.map((event) => bench.publish(event)));
  await eventually('every payer being told', () =>
    Promise.resolve(events.every(({ id }) => world.told.includes(`${id}.payer`))),
  );
  return events;
}

test('one dead letter by its id: its party is notified once, the other one not again, and the operator is recorded', async () => {
  const [event, other] = await dead(2);
  const { id } = await letterOf(event!);
  expect(await replay({ ids: [id, 'email-1'] })).toEqual({
    dryRun: false,
    matched: 1,
    replayed: 1,
    remaining: 0,
    refused: 0,
  });
  await told(event!);
  await drained();
  expect(await detail(id)).toMatchObject({
    state: 'replayed',
    replays: 1,
    times: 1,
    history: [{ by: 'operator', at: expect.any(String) }],
  });
  expect(await replay({ ids: [id] })).toMatchObject({ matched: 0, replayed: 0 });
  expect(published).toEqual([`${event!.id}.payee`]);
  expect(world.told.filter((reference) => reference === `${event!.id}.payer`)).toHaveLength(1);
  expect(await letterOf(other!)).toMatchObject({ state: 'open', replays: 0 });
  expect(await api.metrics()).toMatch(/dead_letters_replayed_total\{service="phone"\} [1-9]/);
});

test('a group at a time, no more than asked for, and the longest dead first', async () => {
  const events = await dead(3, '421 mailbox of 77777 is full');
  const [other] = await dead(1);
  const filter = { group: '421 mailbox of <n> is full' };
  expect(await replay({ filter, limit: 2 })).toMatchObject({ matched: 3, replayed: 2, remaining: 1 });
  await told(events[0]!, events[1]!);
  expect(await letterOf(events[2]!)).toMatchObject({ state: 'open' });
  expect(await replay({ filter })).toMatchObject({ matched: 1, replayed: 1, remaining: 0 });
  await told(events[2]!);
  expect(await letterOf(other!)).toMatchObject({ state: 'open' });
});

test('two replays of the same at once: each letter once, by one of them', async () => {
  const events = await dead(120);
  const answers = await Promise.all([replay({ filter: {} }), replay({ filter: {} })]);
  expect(answers[0].replayed + answers[1].replayed).toBe(120);
  await told(...events);
  await drained();
  expect(published).toHaveLength(120);
  expect(new Set(published).size).toBe(120);
  for (const event of events) expect(timesTold(event)).toBe(1);
  const counts = await bench.database.query<{ count: number }>({
    text: `select count(*) from dead_letter_replays r join dead_letters l on l.id = r.letter_id
           where l.event_id = any($1) group by l.id`,
    values: [events.map(({ id }) => id)],
  });
  expect(counts).toEqual(Array(120).fill({ count: 1 }));
});

test('an alert that was sent meanwhile is not sent again', async () => {
  const [event] = await dead(1);
  await bench.database.query({
    text: `update deliveries set status = 'sent', sent_at = now() where event_id = $1 and role = 'payee'`,
    values: [event!.id],
  });
  expect(await replay({ filter: {} })).toMatchObject({ matched: 1, replayed: 1 });
  expect(published).toEqual([]);
  expect(await letterOf(event!)).toMatchObject({ state: 'replayed', replays: 1 });
});

test('the broker goes away in the middle: finished replays stay finished, and every party is notified once in the end', async () => {
  const events = await dead(8);
  let left = 4;
  beforePublish = async () => {
    left -= 1;
    if (left === 0) await proxy.refuse();
  };
  const answer = await api.post('/v1/dead-letters/replay', { filter: {}, ratePerSecond: 2 });
  expect(answer).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('5');
  const states = await Promise.all(events.map(async (event) => (await letterOf(event)).state));
  expect(states.filter((state) => state === 'replayed').length).toBeGreaterThanOrEqual(2);
  expect(states.filter((state) => state === 'open').length).toBeGreaterThanOrEqual(5);

  await proxy.forward();
  await brokerIsThere();
  const open = states.filter((state) => state === 'open').length;
  expect(await replay({ filter: {} })).toMatchObject({ matched: open, replayed: open, remaining: 0 });
  await told(...events);
  await drained();
  for (const event of events) expect(timesTold(event)).toBe(1);
});

test.each(['before', 'after'] as const)(
  'a process that dies in a replay, %s it published, leaves it to the next',
  async (when) => {
    const [event] = await dead(1);
    const { deaths } = await findOpenLetters(bench.database, { filter: { state: 'open' } }, 10);
    const letters = await leaseLetters(bench.database, deaths, { limit: 10, seconds: 60 });
    await reviveDeliveries(bench.database, letters);
    if (when === 'after') {
      await bench.publish(event!);
      await told(event!);
    }
    expect(await replay({ filter: {} })).toMatchObject({ matched: 1, replayed: 0, remaining: 1 });
    await bench.database.query({ text: `update dead_letters set replaying_until = now()` });
    expect(await replay({ filter: {} })).toMatchObject({ matched: 1, replayed: 1, remaining: 0 });
    await told(event!);
    await drained();
    expect(await letterOf(event!)).toMatchObject({ state: 'replayed', replays: 1 });
    expect(timesTold(event!)).toBe(1);
  },
);

test('a letter that dies again before it is marked stays open', async () => {
  const [event] = await dead(1);
  const { deaths } = await findOpenLetters(bench.database, { filter: { state: 'open' } }, 10);
  const letters = await leaseLetters(bench.database, deaths, { limit: 10, seconds: 60 });
  await reviveDeliveries(bench.database, letters);
  await letDie(bench.database, event!, { error: '553 not that either' });
  await settleLetters(bench.database, { replayed: letters, unsent: [], by: 'operator' });
  const { id } = await letterOf(event!);
  expect(await detail(id)).toMatchObject({
    state: 'open',
    times: 2,
    replays: 1,
    history: [{ by: 'operator' }],
  });
  expect(await replay({ filter: {} })).toMatchObject({ matched: 1, replayed: 1 });
  await told(event!);
});

test('refused again, it is open again, says why, and is not tried twice in one call', async () => {
  const [event] = await dead(1);
  const { id } = await letterOf(event!);
  for (const times of [2, 3]) {
    world.answer = () => ({ kind: 'rejected', error: `55${times} mailbox 1234${times} is closed` });
    expect(await replay({ filter: {}, ratePerSecond: 1 })).toMatchObject({ matched: 1, replayed: 1 });
    await eventually('another death', async () => (await detail(id)).times === times);
    expect(await detail(id)).toMatchObject({
      state: 'open',
      replays: times - 1,
      attempts: times,
      group: `55${times} mailbox <n> is closed`,
      error: `55${times} mailbox 1234${times} is closed`,
    });
  }
  const { history } = await detail(id);
  expect(history).toHaveLength(2);
  expect(history[0]!.at >= history[1]!.at).toBe(true);
  expect(published).toHaveLength(2);
});

test('a replayed alert has all its attempts before it, however old it is', async () => {
  const event = { ...someTransfer(), time: new Date(Date.now() - 48 * 3_600_000).toISOString() };
  world.answer = () => ({ kind: 'failed', error: '503' });
  await bench.broker.publish({
    exchange: retryExchange('phone'),
    routingKey: retryRoutingKey(RETRY_STEPS[4], 'interactive'),
    messageId: event.id,
    contentType: CLOUDEVENTS_JSON,
    headers: { [ATTEMPT_HEADER]: RETRY_STEPS.length },
    body: Buffer.from(JSON.stringify(event)),
  });
  const statuses = async () => (await bench.deliveriesOf(event)).map(({ status }) => status).join();
  await eventually('both being given up', async () => (await statuses()) === 'dead,dead');
  expect(await replay({ filter: { reason: 'exhausted' } })).toMatchObject({ matched: 2, replayed: 2 });
  await eventually('both being tried again', async () =>
    (await bench.deliveriesOf(event)).every(({ status, attempts }) => status === 'retrying' && attempts > 1),
  );
  expect(await letterOf(event)).toMatchObject({ state: 'replayed', times: 1 });
});

test('a message that is still not understood is the same letter again', async () => {
  await bench.publishRaw(Buffer.from('{"half":'));
  const letters = async () =>
    (await api.get<{ data: DeadLetter[] }>('/v1/dead-letters?reason=unreadable')).body.data;
  await eventually('the letter', async () => (await letters()).length === 1);
  const [first] = await letters();
  expect(await replay({ ids: [first!.id] })).toMatchObject({ matched: 1, replayed: 1 });
  await eventually('its return', async () => (await letters())[0]?.times === 2);
  expect(await letters()).toMatchObject([{ id: first!.id, state: 'open', replays: 1 }]);
  expect(await detail(first!.id)).toMatchObject({
    body: '{"half":',
    routingKey: 'transfer.completed.interactive',
  });
});

test('a message that is understood by now tells those whom it concerns', async () => {
  const event = someTransfer();
  await storeUnreadable(bench.database, {
    reason: 'delivery_limit',
    error: 'unknown type',
    lane: null,
    routingKey: 'phone.dead',
    headers: {},
    body: Buffer.from(JSON.stringify(event)),
  });
  expect(await replay({ filter: { reason: 'delivery_limit' } })).toMatchObject({ matched: 1, replayed: 1 });
  await eventually(
    'both parties being notified',
    async () => (await bench.deliveriesOf(event)).map(({ status }) => status).join() === 'sent,sent',
  );
  expect(timesTold(event)).toBe(1);
});

test('a call ends in time, and says what is left for the next', async () => {
  const events = await dead(3);
  // Ten seconds pass between any two looks at the clock.
  let clockMs = 0;
  nowMs = () => (clockMs += 10_000);
  const { replayed, remaining } = await replay({ filter: {}, ratePerSecond: 1 });
  expect(replayed).toBeLessThan(3);
  expect(replayed + remaining).toBe(3);
  nowMs = () => performance.now();
  expect(await replay({ filter: {} })).toMatchObject({ replayed: remaining, remaining: 0 });
  await told(...events);
});
