import { waitFor } from '@payfan/stack/testing';
import { Registry } from 'prom-client';
import { registerOutboxMetrics } from './metrics.ts';
import { event, events, idsOf, openRelays, soon, type Relays } from './testing/relays.ts';

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
  expect(outbox.counters).toEqual({ confirmed: 1, failed: 0, leaseLost: 0, swept: 0, takenOver: 0 });
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
    expect(await outbox.waiting()).toMatchObject({ waiting: 700 });

    await wire.forward();
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf(list));
    expect(outbox.counters).toMatchObject({ confirmed: 700, swept: 700, failed: 0 });
  });

  test('an event whose hand-off it breaks is given back at once, long before its lease ends', async () => {
    const { outbox, wire, send } = await relays.start({ leaseSeconds: 3_600 });
    wire.hang();
    const list = events(5);
    expect(await send(list)).toBe(5);
    wire.cut();
    await waitFor(() => Promise.resolve(outbox.counters.failed >= 5), soon('the failure'));
    await wire.forward();
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf(list));
  });
});

test('more than fits on the wire waits in the database', async () => {
  const { outbox, broker, wire, send } = await relays.start();
  wire.holdAnswers();
  expect(await send(events(1_990))).toBe(1_990);
  await waitFor(() => Promise.resolve(broker.unconfirmed === 1_990), soon('the wire being full'));
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
  expect(text).toContain('outbox_events{what="confirmed"} 2\n');
  expect(text).toContain('outbox_events{what="failed"} 0\n');
});
