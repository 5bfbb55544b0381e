import type { Program } from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { count, metric, moreAnswers, until } from './lib/look.ts';
import { logged } from './lib/logged.ts';
import { openWorld, type World } from './lib/world.ts';

const WIRE = 'transaction to rabbitmq';

let world: World<typeof WIRE>;
/** Three of the transaction service, each a relay. */
let relays: Program[];
beforeAll(async () => {
  world = await openWorld([WIRE]);
  const { payfan } = world;
  relays = [
    payfan.program('transaction'),
    await payfan.startAnother('transaction'),
    await payfan.startAnother('transaction'),
  ];
});
afterAll(() => world.stop());

const CONNECTED = '"msg":"broker connected"';
const LOAD = { clients: 6, pauseMs: 40 };
const inOutbox = (where = 'true') =>
  count(world.payfan, `select count(*) from transaction.outbox where ${where}`);

/** Events to which this has happened, by the count of those that run. */
async function happened(what: string, to: readonly Program[] = relays): Promise<number> {
  const counts = await Promise.all(to.map(({ url }) => metric(url, 'outbox_events_total', { what })));
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

fault('13. three relays, one or another killed at random and started again', async (run) => {
  const { payfan, wires } = world;
  const urls = relays.map(({ url }) => url) as [string, string, string];
  const load = run.load(payfan, { ...LOAD, urls });
  while (run.faults < 6) {
    // Before it has the broker, a relay has nothing in hand: it leaves its events to whoever is quicker.
    await until('connected relays', () => relays.every((relay) => logged(relay, CONNECTED) >= 2));
    await moreAnswers(load);
    // Every other time it dies with events in hand that are published and not confirmed.
    const withEvents = run.faults % 2 === 0;
    if (withEvents) {
      wires[WIRE].holdAnswers();
      await until('events without a confirm', async () => (await inOutbox()) >= 30);
    }
    const index = Math.floor(run.random() * relays.length);
    const victim = relays[index];
    if (victim === undefined) throw new Error(`there is no relay ${index}`);
    const others = relays.filter((relay) => relay !== victim);
    const takenOver = await happened('takenOver', others);
    await run.kill(victim);
    await wires[WIRE].forward();
    if (withEvents) {
      await until('the others taking over', async () => (await happened('takenOver', others)) > takenOver);
    }
    const next = await (victim === payfan.program('transaction')
      ? payfan.restart('transaction')
      : payfan.startAnother('transaction'));
    relays[index] = next;
    urls[index] = next.url;
  }
  await moreAnswers(load);
  await load.stop();
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
});

fault(
  '13. a relay asleep for longer than its lease, that wakes and finds others did its work',
  async (run) => {
    const { payfan, wires } = world;
    const [sleeper, ...others] = relays;
    if (sleeper === undefined) throw new Error('there are no relays');
    const its = run.load(payfan, { ...LOAD, urls: [sleeper.url] });
    await moreAnswers(its);
    wires[WIRE].holdAnswers();
    await until('events that it has published', async () => (await inOutbox()) >= 30);
    process.kill(sleeper.pid, 'SIGSTOP');
    run.faults += 1;
    const held = await inOutbox();
    const heldUntil = await count(payfan, 'select max(id) as count from transaction.outbox');
    const swept = await happened('swept', others);
    await wires[WIRE].forward();
    const load = run.load(payfan, { ...LOAD, urls: others.map(({ url }) => url) as [string, string] });
    await moreAnswers(load);
    // Its session lives, so nobody takes its events before their lease is over.
    expect(await inOutbox(`id <= ${heldUntil}`)).toBe(held);
    await until('the end of its leases', async () => (await inOutbox(`id <= ${heldUntil}`)) === 0);
    expect((await happened('swept', others)) - swept).toBeGreaterThanOrEqual(held);
    process.kill(sleeper.pid, 'SIGCONT');
    await moreAnswers(its);
    // What it had under way was no longer its own, whichever it learnt first: that it is late, or that it lost the lease.
    const late = (await happened('failed', [sleeper])) + (await happened('leaseLost', [sleeper]));
    expect(late).toBeGreaterThan(0);
    await Promise.all([its.stop(), load.stop()]);
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  },
);
