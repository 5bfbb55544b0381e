import { waitFor } from '@payfan/stack/testing';
import { Registry } from 'prom-client';
import { registerOutboxMetrics } from './metrics.ts';
import { event, events, idsOf, nothing, openRelays, type Relays } from './testing/relays.ts';

let relays: Relays;
beforeEach(async () => {
  relays = await openRelays();
});
afterEach(() => relays.close());

test('an event leaves after its commit under its own id, and its row is removed', async () => {
  const { outbox, send } = await relays.start();
  const sent = event();
  expect(await send([sent])).toBe(1);
  await relays.drained();
  expect(await relays.operator.take('inbox')).toEqual([
    { routingKey: 'known.event', messageId: sent.eventId, body: sent.body },
  ]);
  expect(outbox.counters).toEqual({ ...nothing, published: 1, confirmed: 1 });
});

test('an event of a transaction that is rolled back was never there', async () => {
  const { outbox, database } = await relays.start();
  await expect(
    database.transaction(async (tx) => {
      await outbox.insert(tx, events(3));
      throw new Error('the money did not move');
    }),
  ).rejects.toThrow('the money did not move');
  expect(await relays.rows()).toEqual([]);
  expect(await relays.published()).toEqual([]);
});

test('insert() answers the rows in the order of the events', async () => {
  const { commit } = await relays.start({ sweeps: false });
  const list = events(50);
  const inserted = await commit(list);
  expect(inserted.map(({ eventId }) => eventId)).toEqual(list.map(({ eventId }) => eventId));
});

describe('while the broker is away', () => {
  test('events are committed and wait with nobody, and leave when it is back', async () => {
    const relay = await relays.start();
    const { outbox, wire, send } = relay;
    await relays.disconnect(relay);
    const list = events(700);
    expect(await send(list)).toBe(0);
    expect(await relays.rows()).toHaveLength(700);
    expect((await relays.rows()).filter(({ held }) => held)).toEqual([]);
    expect(await outbox.state()).toMatchObject({ waiting: 700 });

    await wire.forward();
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf(list));
    expect(outbox.counters).toMatchObject({ published: 700, confirmed: 700, failed: 0 });
  });

  test('an event whose hand-off it breaks is given back at once, long before its lease ends', async () => {
    const { outbox, wire, send } = await relays.start({ leaseSeconds: 3_600 });
    wire.hang();
    const list = events(5);
    expect(await send(list)).toBe(5);
    wire.cut();
    await waitFor(() => Promise.resolve(outbox.counters.failed >= 5), { what: 'the failure' });
    await wire.forward();
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf(list));
  });
});

test('more than fits on the wire waits in the database', async () => {
  const { outbox, broker, wire, send } = await relays.start();
  wire.holdAnswers();
  expect(await send(events(1_990))).toBe(1_990);
  await waitFor(() => Promise.resolve(broker.unconfirmed === 1_990), { what: 'the wire being full' });
  const late = events(20);
  expect(await send(late)).toBe(0);
  expect(await relays.rows()).toHaveLength(2_010);
  await wire.forward();
  await relays.drained();
  expect(new Set(await relays.published()).size).toBe(2_010);
  expect(outbox.counters).toMatchObject({ confirmed: 2_010, failed: 0, swept: 20, takenOver: 0 });
});

describe('stop()', () => {
  test('waits until what was handed off is confirmed and removed', async () => {
    const { outbox, send } = await relays.start();
    await send(events(500));
    await outbox.stop();
    expect(await relays.rows()).toEqual([]);
    expect(await relays.published()).toHaveLength(500);
  });

  test('does not wait for a frozen database', async () => {
    const { outbox, commit } = await relays.start({ sweeps: false });
    const list = events(5);
    const handedOff = await commit(list);
    await relays.admin.transaction(async (tx) => {
      await tx.query({ text: 'lock table transaction.outbox in access exclusive mode' });
      outbox.handOff(handedOff);
      await outbox.stop();
      expect(outbox.counters.confirmed).toBe(5);
    });
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf(list));
  });

  test('may be called before start and twice, and nothing is handed off after it', async () => {
    const { outbox, send } = await relays.start({ sweeps: false });
    await outbox.stop();
    await outbox.stop();
    await outbox.start();
    expect(await send(events(3))).toBe(0);
    expect((await relays.rows()).map(({ held }) => held)).toEqual([false, false, false]);
  });
});

test('the metrics tell how much waits, for how long, and what happened to events', async () => {
  const relay = await relays.start();
  const { outbox, send } = relay;
  const registry = new Registry();
  registerOutboxMetrics(registry, outbox);
  await send(events(2));
  await relays.drained();
  await relays.disconnect(relay);
  await send(events(3));
  await relays.admin.query({
    text: `update transaction.outbox set created_at = now() - interval '90 seconds'`,
  });
  const text = await registry.metrics();
  expect(text).toContain('outbox_waiting 3\n');
  expect(text).toMatch(/^outbox_oldest_age_seconds 9\d/m);
  expect(text).toContain('outbox_events_total{what="published"} 2\n');
  expect(text).toContain('outbox_events_total{what="confirmed"} 2\n');
  expect(text).toContain('outbox_events_total{what="failed"} 0\n');
});

test('the state tells what keeps vacuum from the rows that were removed', async () => {
  const { outbox, database, send } = await relays.start();
  await send(events(10));
  await relays.drained();
  await relays.admin.transaction(async (tx) => {
    // A report that reads for hours, as another role: the service itself may not look at its session.
    await tx.query({ text: 'set transaction isolation level repeatable read' });
    await tx.query({ text: 'select 1' });
    for (let count = 0; count < 20; count += 1) {
      await database.transaction((other) => other.query({ text: 'select pg_current_xact_id()' }));
    }
    const { oldestXminAge } = await outbox.state();
    expect(oldestXminAge).toBeGreaterThanOrEqual(20);
  });
  await waitFor(async () => expect((await outbox.state()).deadRows).toBeGreaterThan(0), {
    what: 'the statistics',
  });
});

test('where migrations are run by a role that may not see sessions, what keeps vacuum is not known', async () => {
  const { outbox } = await relays.start({ sweeps: false });
  await relays.admin.query({
    text: 'alter function transaction.outbox_oldest_xmin_age() owner to payfan_push',
  });
  expect(await outbox.state()).toMatchObject({ waiting: 0, oldestXminAge: -1 });
});
