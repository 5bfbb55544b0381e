import { connect } from 'amqplib';
import {
  brokerUserName,
  deadQueue,
  LIVE_TOPICS_EXCHANGE,
  LiveEvent,
  liveTopicsTopology,
  payoutQueue,
  PAYOUTS_EXCHANGE,
  payoutTopic,
  shardKey,
  shardOf,
  type Payout,
} from '@payfan/contracts';
import { openBroker } from '@payfan/messaging';
import { RecordingLog } from '@payfan/messaging/testing';
import { startProgram, type Program } from '@payfan/stack/testing';
import { outside } from './people.ts';
import { ASHA, linesTo, MEERA, NOBODY, openPayoutWorld, RAVI, type PayoutWorld } from './payout-world.ts';

const FREE = 'payout-worker-free';
const PREMIUM = 'payout-worker-premium';
const CHUNK_ITEMS = 2;
/** The limit, beyond what each test but the last needs. */
const UNKNOWN_PAYEES = 10;

let world: PayoutWorld;
/** What workers take for transaction, if not that. */
let transactionFor: string | undefined;
beforeAll(async () => {
  world = await openPayoutWorld({
    environment: {
      payout: { CHUNK_ITEMS: String(CHUNK_ITEMS), UNKNOWN_PAYEES_PER_HOUR: String(UNKNOWN_PAYEES) },
      [FREE]: { UNKNOWN_PAYEES_PER_HOUR: String(UNKNOWN_PAYEES) },
    },
    surroundings: (service, around) => ({
      ...around,
      serviceUrl: (other) =>
        service === FREE && other === 'transaction' && transactionFor !== undefined
          ? transactionFor
          : around.serviceUrl(other),
    }),
  });
});
afterAll(() => world.stop());

const stop = (worker: string) => world.payfan.program(worker).stop();
const start = (worker: string) => world.payfan.restart(worker);
const pay = async (key: string, to: string, amount: number) => {
  const answer = await fetch(`${world.payfan.url('transaction')}/v1/transfers`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': `${key} ${to} ${amount}`.replaceAll(' ', '-'),
    },
    body: JSON.stringify({ to, amount, currency: 'INR' }),
  });
  expect(answer.status).toBe(201);
};
const balanceOf = (phone: string) =>
  world.count('select balance as n from transaction.accounts where phone = $1', [`+91${phone}`]);
const codesOf = async (id: string) =>
  (await world.items(id)).map(({ line, status, code }) => `${line} ${code ?? status}`);

test.each([
  ['demo_asha', 'premium', [RAVI, MEERA]],
  ['demo_ravi', 'free', [ASHA, MEERA]],
])('%s pays people on the lane %s, and is told once it is done', async (key, lane, people) => {
  const note = `${lane} payday`;
  const id = await world.send(key, linesTo(people, 7, { note, amount: 100 }));
  expect(await world.finished(id)).toMatchObject({
    ...{ status: 'completed', lane, total: 7, succeeded: 7, failed: 0, amount: 700, paid: 700 },
  });
  await world.expectPaidOnce(id, note);
  const told = (type: string) =>
    world.count(
      `select count(*) as n from push.feed_events where type = $1 and (data ->> 'payoutId' = $2 or data ->> 'note' = $3)`,
      [type, id, note],
    );
  await world.until('everybody being told', async () => {
    return (await told('payout.completed')) === 1 && (await told('transfer.credited')) === 7;
  });
  expect(await told('transfer.debited')).toBe(0);
});

test('two people who are not there and one who pays herself fail by line, and the rest is paid', async () => {
  const note = 'some unknown';
  const lines = [NOBODY, RAVI, ASHA, MEERA, NOBODY].map((to) => ({ to, note }));
  const id = await world.send('demo_asha', lines);
  expect(await world.finished(id)).toMatchObject({
    ...{ status: 'completed_with_failures', succeeded: 2, failed: 3, paid: 2 },
  });
  expect(await codesOf(id)).toEqual([
    '1 recipient_not_found',
    '2 succeeded',
    '3 same_account',
    '4 succeeded',
    '5 recipient_not_found',
  ]);
  await world.expectPaidOnce(id, note);
});

test('money that goes elsewhere in the meantime is not there: what it is enough for is paid', async () => {
  const note = 'too late';
  await stop(FREE);
  const balance = await balanceOf(MEERA);
  const each = Math.floor(balance / 5);
  const id = await world.send('demo_meera', linesTo([ASHA], 5, { note, amount: each }));
  await pay('demo_meera', RAVI, balance - 3 * each);
  await start(FREE);
  expect(await world.finished(id)).toMatchObject({
    ...{ status: 'completed_with_failures', succeeded: 3, failed: 2, paid: 3 * each },
  });
  const codes = (await world.items(id)).map(({ code }) => code);
  expect(codes.filter((code) => code === 'insufficient_funds')).toHaveLength(2);
  expect(await balanceOf(MEERA)).toBe(0);
  await world.expectPaidOnce(id, note);
  await pay('demo_ravi', MEERA, 1_000);
});

test('three payouts share the free lane by turns, however long they are', async () => {
  await stop(FREE);
  const long = 24;
  const senders = [
    { key: 'demo_ravi', note: 'first', lines: 3 * long },
    { key: 'demo_meera', note: 'second', lines: long },
    { key: 'demo_ravi', note: 'third', lines: long },
  ];
  const ids: string[] = [];
  for (const { key, note, lines } of senders)
    ids.push(await world.send(key, linesTo([ASHA], lines, { note })));
  await start(FREE);
  for (const id of ids) expect(await world.finished(id)).toMatchObject({ status: 'completed' });

  // In the order in which they were paid: one line of each chunk.
  const paid = await world.admin.query<{ note: string; line: number }>({
    text: `select t.note, row_number() over (partition by t.note order by e.id)::int as line
           from transaction.transfers t join transaction.entries e on e.transfer_id = t.id and e.amount < 0
           where t.note = any ($1) order by e.id`,
    values: [senders.map(({ note }) => note)],
  });
  const turns = paid.filter(({ line }) => line % CHUNK_ITEMS === 1).map(({ note }) => note);
  expect(turns).toHaveLength((5 * long) / CHUNK_ITEMS);
  const had = new Map(senders.map(({ note }) => [note, 0]));
  const unfinished = () => senders.filter(({ note, lines }) => (had.get(note) ?? 0) < lines / CHUNK_ITEMS);
  for (const note of turns) {
    had.set(note, (had.get(note) ?? 0) + 1);
    // Of each, four turns are in the queue at first: nobody is further ahead than that.
    const counts = unfinished().map((sender) => had.get(sender.note) ?? 0);
    expect(Math.max(...counts, 0) - Math.min(...counts, Infinity)).toBeLessThanOrEqual(4);
  }
});

test('people pay each other while both lanes are full: they are notified before the payees of payouts, and all are notified in the end', async () => {
  const lines = 300;
  const people = outside(world.payfan);
  const payouts = await Promise.all(
    [
      { key: 'demo_asha', to: MEERA, note: 'full premium' },
      { key: 'demo_ravi', to: ASHA, note: 'full free' },
    ].map(async ({ key, to, note }) => ({ note, id: await world.send(key, linesTo([to], lines, { note })) })),
  );
  for (let paid = 0; paid < 3; paid += 1) {
    const { status, body } = await people.pay(100, { from: 'demo_meera' });
    expect(status).toBe(201);
    await people.everybodyTold(body.id);
  }
  for (const { note } of payouts) expect(await world.payeesTold(note)).toBeLessThan(3 * lines);

  for (const { id, note } of payouts) {
    expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: lines });
    await world.expectPaidOnce(id, note);
    await world.until('all payees being told', async () => (await world.payeesTold(note)) === 3 * lines);
  }
});

test('a lane that stands does not hold up the other', async () => {
  await stop(PREMIUM);
  const premium = await world.send('demo_asha', linesTo([RAVI], 6, { note: 'standing' }));
  const free = await world.send('demo_ravi', linesTo([ASHA], 6, { note: 'moving' }));
  expect(await world.finished(free)).toMatchObject({ status: 'completed' });
  expect(await world.get(premium)).toMatchObject({ status: 'processing', succeeded: 0 });
  await start(PREMIUM);
  expect(await world.finished(premium)).toMatchObject({ status: 'completed' });
});

test('what has not been started can be cancelled, and is not paid when its turn comes', async () => {
  await stop(FREE);
  const note = 'cancelled';
  const id = await world.send('demo_ravi', linesTo([ASHA], 9, { note }));
  expect(await world.cancel('demo_ravi', id)).toMatchObject({
    status: 'cancelled',
    cancelled: 9,
    succeeded: 0,
  });
  await start(FREE);
  // Turns are taken in their order: when this one is through, those were.
  const after = await world.send('demo_ravi', linesTo([ASHA], 1, { note: 'after' }));
  await world.finished(after);
  expect(await world.get(id)).toMatchObject({ status: 'cancelled', cancelled: 9, succeeded: 0 });
  await world.expectPaidOnce(id, note);
});

test('whoever follows its topic sees how it goes on', async () => {
  await stop(FREE);
  const id = await world.send('demo_ravi', linesTo([ASHA, NOBODY], 7, { note: 'watched' }));
  const broker = openBroker({
    urls: [world.payfan.vhost.urlFor('gateway')],
    name: 'test',
    log: new RecordingLog(),
    topology: liveTopicsTopology,
  });
  const seen: LiveEvent[] = [];
  const subscription = broker.subscribe({
    exchange: LIVE_TOPICS_EXCHANGE,
    onMessage: ({ body }) => void seen.push(LiveEvent.parse(JSON.parse(body.toString()))),
    onRestored: () => undefined,
  });
  await broker.start();
  await subscription.start();
  await subscription.bind(shardKey(shardOf(payoutTopic(id))));
  await start(FREE);
  const payout = await world.finished(id);
  const ours = () => seen.filter(({ topic }) => topic === payoutTopic(id));
  await world.until('the last of its progress', () => Promise.resolve(ours().length === 4));
  expect(ours().map(({ type }) => type)).toEqual(Array(4).fill('payout.progress'));
  expect(ours().map(({ data }) => (data as Payout).succeeded)).toEqual([1, 2, 3, 4]);
  expect(ours().at(-1)?.data).toEqual(payout);
  await subscription.stop();
  await broker.stop();
});

describe('a premium worker that is idle', () => {
  const another = (environment: Record<string, string>): Promise<Program> => {
    const { payfan } = world;
    return startProgram({
      name: PREMIUM,
      entry: 'services/payout/dist/worker-main.js',
      env: {
        DATABASE_URL: payfan.database.urlFor('payout'),
        AMQP_URL: payfan.vhost.urlFor('payout'),
        TRANSACTION_URL: payfan.url('transaction'),
        SERVICE_KEY: 'key-of-payout',
        LANE: 'premium',
        ...environment,
      },
    });
  };

  test('leaves the free lane alone, unless it is configured to help', async () => {
    await stop(FREE);
    const id = await world.send('demo_ravi', linesTo([ASHA], 5, { note: 'waiting' }));
    const premium = await world.send('demo_asha', linesTo([RAVI], 5, { note: 'served' }));
    await world.finished(premium);
    expect(await world.get(id)).toMatchObject({ status: 'processing', succeeded: 0 });
    const helper = await another({ HELPS_FREE: 'true' });
    expect(await world.finished(id)).toMatchObject({ status: 'completed' });
    await helper.stop();
    await start(FREE);
  });
});

test('a payout that transaction does not take is put off, and others on its lane go on', async () => {
  // Another service answers 404: it has no such door.
  await stop(FREE);
  transactionFor = world.payfan.url('email');
  await start(FREE);
  const note = 'put off';
  const id = await world.send('demo_ravi', linesTo([ASHA], 2, { note }));
  const parked = () => Promise.resolve(world.payfan.program(FREE).output().includes('turn put off'));
  await world.until('the turn being put off', parked);
  await stop(FREE);
  transactionFor = undefined;
  await start(FREE);
  // Its next attempt is seconds away; this one need not wait for it.
  const other = await world.send('demo_ravi', linesTo([ASHA], 2, { note: 'on time' }));
  expect(await world.finished(other)).toMatchObject({ status: 'completed' });
  expect(await world.finished(id)).toMatchObject({ status: 'completed' });
  await world.expectPaidOnce(id, note);
});

test('what is no turn is put away, and the queue goes on', async () => {
  const connection = await connect(world.payfan.vhost.urlFor('payout'));
  const channel = await connection.createConfirmChannel();
  for (const body of ['', 'nonsense', '{"type":"payfan.payout.turn.v1"}']) {
    channel.publish(PAYOUTS_EXCHANGE, 'free', Buffer.from(body), { userId: brokerUserName('payout') });
  }
  await channel.waitForConfirms();
  await connection.close();
  const id = await world.send('demo_ravi', linesTo([ASHA], 2, { note: 'after nonsense' }));
  expect(await world.finished(id)).toMatchObject({ status: 'completed' });
  const dead = await world.broker.take(deadQueue('payouts'));
  expect(dead.map(({ body }) => body).sort()).toEqual(['', 'nonsense', '{"type":"payfan.payout.turn.v1"}']);
});

test('a payout whose turns are gone gets a new one', async () => {
  const note = 'lost turns';
  await stop(FREE);
  const id = await world.send('demo_ravi', linesTo([ASHA, MEERA], 9, { note }));
  await world.until('its turns being in the queue', async () => {
    return (await world.count(`select count(*) as n from payout.outbox`)) === 0;
  });
  await world.broker.deleteQueue(payoutQueue('free'));
  await start(FREE);
  expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: 9 });
  await world.expectPaidOnce(id, note);
});

test('a payout that looks for numbers with a wallet is stopped, and the next one is not taken', async () => {
  const lines = linesTo([NOBODY], 40, { note: 'looking' });
  const payout = await world.finished(await world.send('demo_meera', lines));
  expect(payout).toMatchObject({ status: 'cancelled', cancelReason: 'too_many_unknown_payees' });
  expect(payout.failed).toBeGreaterThan(UNKNOWN_PAYEES);
  expect(payout.failed).toBeLessThanOrEqual(UNKNOWN_PAYEES + 4 * CHUNK_ITEMS);
  expect(payout.failed + payout.cancelled).toBe(40);
  // It is counted after it was recorded.
  await world.until('it being counted', async () => {
    const metrics = await fetch(`${world.payfan.url(FREE)}/metrics`);
    return /^payouts_stopped_total\{?.*\}? 1$/m.test(await metrics.text());
  });
  const next = await fetch(`${world.payfan.url('payout')}/v1/payouts`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer demo_meera',
      'content-type': 'application/json',
      'idempotency-key': 'next-of-looking',
    },
    body: JSON.stringify({ items: [{ to: ASHA, amount: 1, currency: 'INR' }] }),
  });
  expect(next.status).toBe(429);
  expect(await next.json()).toMatchObject({ code: 'rate_limited', limit: { name: 'unknown_payees' } });
});
