import { randomUUID } from 'node:crypto';
import { testInfrastructure, startTcpProxy, type TcpProxy } from '@payfan/stack/testing';
import { ASHA, linesTo, MEERA, NOBODY, openPayoutWorld, type PayoutWorld } from './payout-world.ts';

const WORKER = 'payout-worker-free';
const CALL = 'POST /v1/transfers/batch';
const RECORD = 'payout-items-record';
const COMMIT = 'commit\0';
/** The method frame of `basic.ack`: class 60, method 80. */
const ACK = Buffer.from([0, 60, 0, 80]);
const NEXT_TURN = 'payfan.payout.turn.v1';
const FINISHED = 'payfan.payout.completed.v1';

let world: PayoutWorld;
/** The worker's wires. */
let toPostgres: TcpProxy;
let toRabbitmq: TcpProxy;
let toTransaction: TcpProxy | undefined;
/** Those of others. */
let transactionToPostgres: TcpProxy;
let apiToPostgres: TcpProxy;

beforeAll(async () => {
  const { adminUrl, amqpUrl } = await testInfrastructure();
  [toPostgres, transactionToPostgres, apiToPostgres, toRabbitmq] = (await Promise.all(
    [adminUrl, adminUrl, adminUrl, amqpUrl].map(startTcpProxy),
  )) as [TcpProxy, TcpProxy, TcpProxy, TcpProxy];
  world = await openPayoutWorld({
    environment: { payout: { CHUNK_ITEMS: '4' } },
    surroundings(service, around) {
      const { databaseUrl, amqpUrl: brokerUrl, serviceUrl } = around;
      if (service === 'transaction') {
        return { ...around, databaseUrl: (role) => transactionToPostgres.through(databaseUrl(role)) };
      }
      if (service === 'payout') {
        return { ...around, databaseUrl: (role) => apiToPostgres.through(databaseUrl(role)) };
      }
      if (service !== WORKER) return around;
      return {
        ...around,
        databaseUrl: (role) => toPostgres.through(databaseUrl(role)),
        amqpUrl: (user) => toRabbitmq.through(brokerUrl(user)),
        serviceUrl: (other) =>
          other === 'transaction' && toTransaction !== undefined
            ? toTransaction.through(serviceUrl(other)).replace(/\/$/, '')
            : serviceUrl(other),
      };
    },
  });
  // Its address is known only now.
  toTransaction = await startTcpProxy(world.payfan.url('transaction'));
  await world.payfan.program(WORKER).stop();
  await world.payfan.restart(WORKER);
});
afterAll(async () => {
  const wires = [toPostgres, toRabbitmq, wire(), transactionToPostgres, apiToPostgres];
  for (const each of wires) await each.forward();
  await world.stop();
  for (const each of wires) await each.stop();
});

/** What earlier cases left in the queue would spring the traps of later ones. */
beforeEach(async () => {
  await world.until('no turn being on its way', async () => (await waitingIn('payout', NEXT_TURN)) === 0);
  await world.payfan.program(WORKER).stop();
  await world.broker.take('payouts.free');
  await world.payfan.restart(WORKER);
});

const transfersUnder = (note: string) =>
  world.count('select count(*) as n from transaction.transfers where note = $1', [note]);
const itemsOf = (id: string, status: string) =>
  world.count('select count(*) as n from payout.payout_items where payout_id = $1 and status = $2', [
    id,
    status,
  ]);
const waitingIn = (service: string, type: string) =>
  world.count(`select count(*) as n from ${service}.outbox where body::json ->> 'type' = $1`, [type]);
const wire = () => {
  if (toTransaction === undefined) throw new Error('there is no wire to transaction yet');
  return toTransaction;
};

interface Death {
  when: string;
  /** Resolves when the worker is where it is to die. */
  moment: () => Promise<void>;
  /** Looks, while it is dead, whether it died there. */
  proof: (id: string, note: string) => Promise<void>;
}

const deaths: Death[] = [
  {
    when: 'before it asks for a chunk to be paid',
    moment: () => wire().freezeBefore(CALL),
    async proof(id, note) {
      expect([await transfersUnder(note), await itemsOf(id, 'pending')]).toEqual([0, 10]);
    },
  },
  {
    when: 'paid, without having heard of it',
    moment: () => wire().freezeAfter(CALL),
    async proof(id, note) {
      await world.until('the chunk being paid', async () => (await transfersUnder(note)) > 0);
      expect(await itemsOf(id, 'pending')).toBe(10);
    },
  },
  {
    when: 'paid, before that is recorded',
    moment: () => toPostgres.freezeBefore(RECORD),
    async proof(id, note) {
      expect(await transfersUnder(note)).toBeGreaterThan(0);
      expect(await itemsOf(id, 'pending')).toBe(10);
    },
  },
  {
    when: 'recorded, without having heard of it',
    async moment() {
      await toPostgres.freezeAfter(RECORD);
      // The trap is set before anything flows, so that it is this commit and none of another transaction.
      const flows = toPostgres.forward();
      const committed = toPostgres.freezeAfter(COMMIT);
      await flows;
      await committed;
    },
    async proof(id) {
      await world.until('the chunk being recorded', async () => (await itemsOf(id, 'pending')) === 6);
    },
  },
  {
    when: 'recorded, before the next turn has left',
    moment: () => toRabbitmq.freezeBefore(NEXT_TURN),
    async proof(id) {
      expect(await itemsOf(id, 'pending')).toBeLessThan(10);
    },
  },
  {
    when: 'recorded, before the turn is acknowledged',
    moment: () => toRabbitmq.freezeBefore(ACK),
    async proof(id) {
      expect(await itemsOf(id, 'pending')).toBeLessThan(10);
    },
  },
  {
    when: 'finished, before the news of it has left',
    moment: () => toRabbitmq.freezeBefore(FINISHED),
    async proof(id) {
      expect((await world.get(id)).status).toBe('completed_with_failures');
    },
  },
];

test.each(deaths)(
  'a worker that dies $when doubles nothing and loses nothing',
  async ({ when, moment, proof }) => {
    const note = when.slice(0, 140);
    const reached = moment();
    const id = await world.send('demo_ravi', linesTo([ASHA, MEERA, NOBODY], 10, { note, amount: 7 }));
    await reached;
    await world.payfan.program(WORKER).kill();
    await proof(id, note);

    for (const each of [toPostgres, toRabbitmq, wire()]) await each.forward();
    await world.payfan.restart(WORKER);
    const payout = await world.finished(id);
    expect(payout).toMatchObject({
      status: 'completed_with_failures',
      ...{ total: 10, succeeded: 7, failed: 3, cancelled: 0, paid: 49 },
    });
    const failed = (await world.items(id)).filter(({ status }) => status === 'failed');
    expect(failed.map(({ line, code }) => [line, code])).toEqual(
      [3, 6, 9].map((line) => [line, 'recipient_not_found']),
    );
    await world.expectPaidOnce(id, note);

    const told = () =>
      world.count(
        `select count(*) as n from push.feed_events
       where type = 'payout.completed' and data ->> 'payoutId' = $1`,
        [id],
      );
    await world.until('its owner being told', async () => (await told()) > 0);
    await world.until('nothing being on its way', async () => (await waitingIn('payout', FINISHED)) === 0);
    expect(await told()).toBe(1);
    await world.until('its payees being told', async () => (await world.payeesTold(note)) === 7 * 3);
  },
);

test.each([
  {
    when: 'before it is stored',
    moment: () => apiToPostgres.freezeBefore('payout-chunks-insert'),
    stored: 0,
  },
  { when: 'stored, before that is answered', moment: () => apiToPostgres.freezeAfter(COMMIT), stored: 1 },
])(
  'a payout whose API dies $when is asked for again, and stored and paid once',
  async ({ when, moment, stored }) => {
    const key = randomUUID();
    const ask = () => world.send('demo_ravi', linesTo([ASHA, MEERA], 10, { note: when }), key);
    const payouts = () =>
      world.count('select count(*) as n from payout.payouts where idempotency_key = $1', [key]);
    const reached = moment();
    const unanswered = expect(ask()).rejects.toThrow('fetch failed');
    await reached;
    await world.payfan.program('payout').kill();
    await unanswered;
    await world.until('what it was about to do being done', async () => (await payouts()) === stored);

    await apiToPostgres.forward();
    await world.payfan.restart('payout');
    const id = await ask();
    expect(await ask()).toBe(id);
    expect(await payouts()).toBe(1);
    expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: 10 });
    await world.expectPaidOnce(id, when);
  },
);

test.each([
  { whose: 'worker lives', kills: false },
  { whose: 'worker dies then', kills: true },
])(
  'of a payout that is cancelled while a chunk is being paid that chunk is finished: its $whose',
  async ({ whose, kills }) => {
    const reached = wire().freezeAfter(CALL);
    const id = await world.send('demo_ravi', linesTo([ASHA, MEERA], 10, { note: whose }));
    await reached;
    expect(await world.cancel('demo_ravi', id)).toMatchObject({
      status: 'processing',
      succeeded: 0,
      cancelled: 6,
    });
    if (kills) await world.payfan.program(WORKER).kill();
    await wire().forward();
    if (kills) await world.payfan.restart(WORKER);
    expect(await world.finished(id)).toMatchObject({
      status: 'cancelled',
      succeeded: 4,
      cancelled: 6,
      paid: 4,
    });
    await world.expectPaidOnce(id, whose);
  },
);

test('a worker that loses its connection in the middle of a chunk finishes it, and so does who gets its turn', async () => {
  const note = 'cut off';
  const reached = wire().freezeAfter(CALL);
  const id = await world.send('demo_ravi', linesTo([ASHA], 4, { note }));
  await reached;
  toRabbitmq.cut();
  await wire().forward();
  expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: 4 });
  await world.expectPaidOnce(id, note);
});

test('while the transaction service is gone its worker waits with the chunk in hand', async () => {
  const note = 'gone';
  const reached = wire().freezeAfter(CALL);
  const id = await world.send('demo_ravi', linesTo([ASHA, MEERA], 10, { note }));
  await reached;
  await world.payfan.program('transaction').kill();
  await wire().refuse();
  const held = () => Promise.resolve(world.payfan.program(WORKER).output().includes('message held'));
  await world.until('the turn being held', held);
  await world.payfan.restart('transaction');
  await wire().forward();
  expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: 10 });
  await world.expectPaidOnce(id, note);
});

test('while the transaction service answers that it cannot now, the worker comes back after the time in Retry-After', async () => {
  const note = 'overburdened';
  await world.payfan.program(WORKER).stop();
  const id = await world.send('demo_ravi', linesTo([ASHA, MEERA], 10, { note }));
  await transactionToPostgres.refuse();
  await world.payfan.restart(WORKER);
  const output = () => world.payfan.program(WORKER).output();
  await world.until('the worker trying again', () => {
    return Promise.resolve(/answered 503.*batch not made, trying again/.test(output()));
  });
  const waits = [...output().matchAll(/answered 503.*"waitMs":(\d+)/g)].map(([, ms]) => Number(ms));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(2_000);
  await transactionToPostgres.forward();
  expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: 10 });
  await world.expectPaidOnce(id, note);
});

test('several workers of a lane share a payout', async () => {
  const second = await world.payfan.startAnother(WORKER);
  // A worker that is ready may still be about to consume, and misses the turns of a payout then.
  await world.until('a payout that both worked on', async () => {
    const note = `shared ${randomUUID()}`;
    const id = await world.send('demo_ravi', linesTo([ASHA, MEERA], 60, { note }));
    expect(await world.finished(id)).toMatchObject({ status: 'completed', succeeded: 60 });
    await world.expectPaidOnce(id, note);
    const workers = await world.count(
      'select count(distinct holder) as n from payout.payout_chunks where payout_id = $1',
      [id],
    );
    return workers === 2;
  });
  await second.stop();
});
