import type { Database } from '@payfan/database';
import { openAdminDatabase, type Program } from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { count, metric, moreAnswers, until } from './lib/look.ts';
import { logged } from './lib/logged.ts';
import { openWorld, type World } from './lib/world.ts';

const WIRE = 'transaction to rabbitmq';

let world: World<typeof WIRE>;
let admin: Database;
/** Three of the transaction service, each a relay. */
let relays: Program[];
beforeAll(async () => {
  world = await openWorld([WIRE]);
  const { payfan } = world;
  admin = openAdminDatabase({ url: payfan.database.adminUrl, name: 'relays', max: 1 });
  relays = [
    payfan.program('transaction'),
    await payfan.startAnother('transaction'),
    await payfan.startAnother('transaction'),
  ];
});
afterAll(async () => {
  await admin.stop();
  await world.stop();
});

const CONNECTED = '"msg":"broker connected"';
const LOAD = { clients: 6, pauseMs: 40 };
/** Soon published, long before a relay gives a confirm up. */
const FEW = 5;
/** Events to which this has happened, by the count of those that run. */
async function happened(what: string, to: readonly Program[] = relays): Promise<number> {
  const counts = await Promise.all(to.map(({ url }) => metric(url, 'outbox_events_total', { what })));
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/** Events of a relay that were confirmed too late, or under a lease that had passed to another relay. */
const lateOf = async (relay: Program) =>
  (await happened('failed', [relay])) + (await happened('leaseLost', [relay]));

/** Events that a relay has published and that are not settled, or more: those published are counted first. */
async function unconfirmed(relay: Program): Promise<number> {
  let left = await happened('published', [relay]);
  for (const what of ['confirmed', 'returned', 'failed']) left -= await happened(what, [relay]);
  return left;
}

/** An event in the outbox that a relay holds. */
interface HeldEvent {
  id: number;
  leaseEndsSeconds: number;
}

/** What relays hold of the events after this one, and the time of the database. */
async function heldAfter(id: number): Promise<{ nowSeconds: number; events: HeldEvent[] }> {
  const [row] = await admin.query<{ nowSeconds: number; events: HeldEvent[] }>({
    text: `select extract(epoch from clock_timestamp())::float8 as "nowSeconds",
                  coalesce(jsonb_agg(jsonb_build_object(
                    'id', id, 'leaseEndsSeconds', extract(epoch from leased_until)::float8)), '[]') as events
           from transaction.outbox where id > $1`,
    values: [id],
  });
  if (row === undefined) throw new Error('an aggregate came without its row');
  return row;
}

fault('13. three relays, one or another killed at random and started again', async (run) => {
  const { payfan, wires } = world;
  const urls = relays.map(({ url }) => url) as [string, string, string];
  const load = run.load(payfan, { ...LOAD, urls });
  while (run.faults < 6) {
    // Before it has the broker, a relay has nothing in hand: it leaves its events to whoever is quicker.
    await until('connected relays', () => relays.every((relay) => logged(relay, CONNECTED) >= 2));
    await moreAnswers(load);
    const index = Math.floor(run.random() * relays.length);
    const victim = relays[index];
    if (victim === undefined) throw new Error(`there is no relay ${index}`);
    const others = relays.filter((relay) => relay !== victim);
    const takenOver = await happened('takenOver', others);
    // Every other time it dies with events in hand that are published and not confirmed.
    const withEvents = run.faults % 2 === 0;
    if (withEvents) {
      wires[WIRE].holdAnswers();
      await until('events without a confirm', async () => (await unconfirmed(victim)) >= FEW);
    }
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
    const [swept, late] = [await happened('swept', others), await lateOf(sleeper)];
    wires[WIRE].holdAnswers();
    // What is committed from now on is confirmed to no relay.
    const lastBefore = await count(payfan, 'select coalesce(max(id), 0) as count from transaction.outbox');
    await until(
      'events that it has published',
      async () => (await heldAfter(lastBefore)).events.length >= FEW,
    );
    process.kill(sleeper.pid, 'SIGSTOP');
    run.faults += 1;
    const { events: held } = await heldAfter(lastBefore);
    await wires[WIRE].forward();
    const load = run.load(payfan, { ...LOAD, urls: others.map(({ url }) => url) as [string, string] });
    await moreAnswers(load);
    // Its session lives, so the other relays take none of its events before the lease of the event is over.
    const takenEarly: HeldEvent[] = [];
    await until('the end of its leases', async () => {
      const { nowSeconds, events } = await heldAfter(lastBefore);
      const left = new Set(events.map(({ id }) => id));
      takenEarly.push(
        ...held.filter(({ id, leaseEndsSeconds }) => leaseEndsSeconds > nowSeconds && !left.has(id)),
      );
      return held.every(({ id }) => !left.has(id));
    });
    expect(takenEarly).toEqual([]);
    expect((await happened('swept', others)) - swept).toBeGreaterThanOrEqual(held.length);
    process.kill(sleeper.pid, 'SIGCONT');
    await moreAnswers(its);
    // What it had under way was no longer its own, whichever it learnt first: that it is late, or that it lost the lease.
    await until('its events being late', async () => (await lateOf(sleeper)) > late);
    await Promise.all([its.stop(), load.stop()]);
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  },
);
