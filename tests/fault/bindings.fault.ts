import { LANES, laneQueue, PAYMENTS_EXCHANGE } from '@payfan/contracts';
import { BrokerAdmin } from '@payfan/messaging/testing';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { atRest } from './lib/liveness.ts';
import { count, metric, moreAnswers, until } from './lib/look.ts';
import { logged } from './lib/logged.ts';
import { openWorld, type World } from './lib/world.ts';

let world: World<'transaction to rabbitmq'>;
let admin: BrokerAdmin;
beforeAll(async () => {
  world = await openWorld(['transaction to rabbitmq']);
  admin = new BrokerAdmin(world.payfan.vhost);
});
afterAll(() => world.stop());

const CHANNELS = ['push', 'phone', 'email'] as const;
const LANE_KEY = '*.*.interactive';
const LOAD = { clients: 4, pauseMs: 40 };
const KEPT_EVENT = '"msg":"event kept: the broker has no queue for it';
const DECLARED_AGAIN = '"msg":"bindings have been declared again';
const RESTORED = '"msg":"queues or exchanges were gone and have been declared again"';
const CANCELLED = '"msg":"consumer cancelled by the broker"';

const inOutbox = () => count(world.payfan, 'select count(*) from transaction.outbox');

fault(
  '9. every binding of a lane deleted: events are kept, an alarm is raised, and every party is notified',
  async (run) => {
    const { payfan } = world;
    const transaction = payfan.program('transaction');
    // The channels declare their own part again now and then. They must not do so here: while a part of the bindings
    // is there, nothing is returned, and nobody can know what the rest misses.
    await Promise.all(CHANNELS.map((channel) => payfan.program(channel).stop()));
    const returned = async () =>
      (await metric(transaction.url, 'outbox_events_total', { what: 'returned' })) ?? 0;
    // The transaction service declares them again now and then, too. If that was just now, no event came back,
    // each has reached its queues, and we delete them once more.
    while ((await returned()) === 0) {
      await until('a lane without bindings', async () => {
        const left = (await admin.bindingsOf(PAYMENTS_EXCHANGE)).filter(
          ({ routingKey }) => routingKey === LANE_KEY,
        );
        for (const { queue } of left) {
          await admin.unbind(PAYMENTS_EXCHANGE, queue, LANE_KEY);
          run.faults += 1;
        }
        return left.length === 0;
      });
      await run.load(payfan, { ...LOAD, count: 8 }).done();
      await until(
        'events that come back, or leave',
        async () => (await returned()) > 0 || (await inOutbox()) === 0,
      );
    }
    await until('the bindings being declared again', () => logged(transaction, DECLARED_AGAIN) > 0);
    const load = run.load(payfan, LOAD);
    await moreAnswers(load);
    await load.stop();
    await until(
      'a report of each event that came back',
      async () => logged(transaction, KEPT_EVENT) === (await returned()),
    );
    await until('an empty outbox', async () => (await inOutbox()) === 0);
    await Promise.all(CHANNELS.map((channel) => payfan.restart(channel)));
    expect(Object.fromEntries(load.refusals)).toEqual({});
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  },
);

fault('9. the exchange deleted under load, and all of its bindings with it', async (run) => {
  const { payfan } = world;
  const transaction = payfan.program('transaction');
  const load = run.load(payfan, LOAD);
  for (; run.faults < 3; run.faults += 1) {
    const restored = logged(transaction, RESTORED);
    await moreAnswers(load);
    await admin.deleteExchange(PAYMENTS_EXCHANGE);
    await until('its return', () => logged(transaction, RESTORED) > restored);
  }
  await moreAnswers(load);
  await load.stop();
  expect(Object.fromEntries(load.refusals)).toEqual({});
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
});

fault("9. a channel's queues deleted under load, from under their consumers", async (run) => {
  const { payfan, wires } = world;
  const phone = payfan.program('phone');
  // What is in a queue goes with it, and the broker reports the length of a queue late. So nothing is under way when
  // the outbox is cut off, and the events of this case wait there until the queues are back.
  await atRest(payfan);
  await wires['transaction to rabbitmq'].refuse();
  const cancelled = logged(phone, CANCELLED);
  const load = run.load(payfan, LOAD);
  await moreAnswers(load);
  for (const lane of LANES) {
    const queue = laneQueue('phone', lane);
    const restored = logged(phone, RESTORED);
    await admin.deleteQueue(queue);
    run.faults += 1;
    await until(`the return of ${queue}`, () => logged(phone, RESTORED) > restored);
  }
  await until(
    'a report of each consumer that was cancelled',
    () => logged(phone, CANCELLED) >= cancelled + run.faults,
  );
  expect(await inOutbox()).toBeGreaterThan(0);
  await wires['transaction to rabbitmq'].forward();
  await moreAnswers(load);
  await load.stop();
  expect(Object.fromEntries(load.refusals)).toEqual({});
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
});
