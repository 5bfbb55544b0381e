import { randomUUID } from 'node:crypto';
import { waitFor } from '@payfan/stack/testing';
import { claimExpired } from './outbox-store.ts';
import { event, events, idsOf, openRelays, soon, type Relays } from './testing/relays.ts';

let relays: Relays;
beforeEach(async () => {
  relays = await openRelays();
});
afterEach(() => relays.close());

describe('a relay that dies', () => {
  test('after publishing and before removing the row leaves the event to others, who publish it under the same id', async () => {
    const dead = await relays.start({ leaseSeconds: 2, sweeps: false });
    const other = await relays.start();
    const sent = event();
    const handedOff = await dead.commit([sent]);
    await relays.admin.transaction(async (tx) => {
      // The lock makes the removal wait, so that we can strike between the two.
      await tx.query({ text: 'select 1 from transaction.outbox for update' });
      dead.outbox.handOff(handedOff);
      await waitFor(() => killWaiting(dead.relayId), soon('the removal'));
      await waitFor(() => Promise.resolve(relays.log.saying('not removed').length === 1), soon('the death'));
    });
    expect(await relays.rows()).toMatchObject([{ eventId: sent.eventId, holder: dead.relayId }]);
    await relays.drained('the lease running out');
    expect(await relays.published()).toEqual([sent.eventId, sent.eventId]);
    expect(dead.outbox.counters).toMatchObject({ confirmed: 1 });
    expect(other.outbox.counters).toMatchObject({ confirmed: 1, swept: 1, takenOver: 0 });
  });

  test('is missed at once: nobody waits for its leases to run out', async () => {
    const dead = await relays.start({ leaseSeconds: 3_600, sweeps: false });
    const other = await relays.start();
    const list = events(10);
    await dead.commit(list);
    await dead.presence.stop();
    await relays.drained('the takeover');
    expect(await relays.published()).toEqual(idsOf(list));
    expect(other.outbox.counters).toMatchObject({ swept: 10, takenOver: 10 });
  });

  test('may have died before anybody else was there', async () => {
    const dead = await relays.start({ leaseSeconds: 3_600, sweeps: false });
    const list = events(3);
    await dead.commit(list);
    await dead.presence.stop();
    const other = await relays.start();
    await relays.drained('the takeover');
    expect(await relays.published()).toEqual(idsOf(list));
    expect(other.outbox.counters).toMatchObject({ takenOver: 3 });
  });

  test('before it hands off leaves its events to others, once the lease has run out', async () => {
    const dead = await relays.start({ leaseSeconds: 2, sweeps: false });
    const list = events(10);
    await dead.commit(list);
    const other = await relays.start();
    await relays.drained('the lease running out');
    expect(await relays.published()).toEqual(idsOf(list));
    expect(other.outbox.counters).toMatchObject({ swept: 10, takenOver: 0 });
  });
});

/** Kills the connections of this program that wait for a lock; false if none does. */
async function killWaiting(name: string): Promise<boolean> {
  const killed = await relays.admin.query({
    text: `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = $1 and wait_event_type = 'Lock'`,
    values: [name],
  });
  return killed.length > 0;
}

describe('two relays at once', () => {
  test('publish each event once while nothing is wrong', async () => {
    const pair = [await relays.start(), await relays.start()];
    const list = events(1_000);
    for (let from = 0; from < list.length; from += 50) {
      await Promise.all(
        pair.map(({ send }, index) => send(list.slice(from + index * 25, from + (index + 1) * 25))),
      );
    }
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf(list));
    for (const { outbox } of pair) {
      expect(outbox.counters).toEqual({ confirmed: 500, failed: 0, leaseLost: 0, swept: 0, takenOver: 0 });
    }
  });

  test('share what nobody holds, and publish none of it twice', async () => {
    const writer = await relays.start({ sweeps: false });
    await relays.disconnect(writer);
    const list = events(3_000);
    expect(await writer.send(list)).toBe(0);
    const pair = [await relays.start(), await relays.start()];
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf(list));
    const [one, two] = pair.map(({ outbox }) => outbox.counters);
    expect(one!.swept + two!.swept).toBe(3_000);
    expect(one!.leaseLost + two!.leaseLost).toBe(0);
  });

  test('a row whose lease has passed to another is not removed by a late confirm', async () => {
    const slow = await relays.start({ leaseSeconds: 1, sweeps: false });
    const sent = event();
    slow.wire.holdAnswers();
    await slow.send([sent]);
    const heir = randomUUID();
    await waitFor(async () => {
      await relays.admin.transaction(async (tx) => {
        await tx.query({ text: 'set local search_path to transaction' });
        await claimExpired(tx, { holder: heir, seconds: 3_600 }, { limit: 10, fromId: 0 });
      });
      expect(await relays.rows()).toMatchObject([{ holder: heir }]);
    }, soon('the lease passing on'));
    await slow.wire.forward();
    await waitFor(() => Promise.resolve(slow.outbox.counters.leaseLost === 1), soon('the late confirm'));
    expect(await relays.rows()).toEqual([{ eventId: sent.eventId, holder: heir, held: true }]);
  });
});

describe('an event that no queue is bound for', () => {
  test('keeps its row, is counted and told, and leaves when the binding is there', async () => {
    const { outbox, send } = await relays.start({ leaseSeconds: 1 });
    const [good, homeless] = [event(), event({ routingKey: 'unknown.event' })];
    await send([good, homeless]);
    await waitFor(() => Promise.resolve(outbox.counters.failed > 0), soon('the failure'));
    await waitFor(async () => expect(await relays.rows()).toHaveLength(1), soon('the good one leaving'));
    expect(await relays.rows()).toMatchObject([{ eventId: homeless.eventId }]);
    expect(relays.log.saying('no queue is bound')[0]).toMatchObject({
      level: 'error',
      fields: { eventId: homeless.eventId, exchange: 'events', routingKey: 'unknown.event' },
    });

    await relays.operator.bind('events', 'inbox', 'unknown.*');
    await relays.drained();
    expect(await relays.published()).toEqual(idsOf([good, homeless]));
  });

  test('is not tried again before its lease ends, so that it costs the others nothing', async () => {
    const { outbox, send } = await relays.start({ leaseSeconds: 3_600 });
    const homeless = event({ routingKey: 'unknown.event' });
    await send([homeless]);
    for (let round = 0; round < 20; round += 1) await send(events(10));
    await waitFor(async () => expect(await relays.rows()).toHaveLength(1), soon('the good ones leaving'));
    expect(outbox.counters).toEqual({ confirmed: 200, failed: 1, leaseLost: 0, swept: 0, takenOver: 0 });
  });
});

test('events whose exchange was deleted wait, and leave when it is declared again', async () => {
  const { send } = await relays.start({ leaseSeconds: 1 });
  await relays.operator.deleteExchange('events');
  const list = events(20);
  await send(list);
  await waitFor(
    () => Promise.resolve(relays.log.saying('publishing channel failed').length > 0),
    soon('the failure'),
  );
  expect(await relays.rows()).toHaveLength(20);
  // Another process declares it when it starts.
  await relays.start();
  await relays.drained();
  expect([...new Set(await relays.published())]).toEqual(idsOf(list));
});

test('an outage of the database ends no sweeper', async () => {
  const relay = await relays.start();
  const { relayId, send, outbox, wire } = relay;
  await waitFor(async () => {
    const killed = await relays.admin.query({
      text: 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      values: [relayId],
    });
    return killed.length > 0 && relays.log.saying('outbox not swept').length > 0;
  }, soon('a sweep being cut short'));
  await relays.disconnect(relay);
  await send(events(5));
  await wire.forward();
  await relays.drained();
  expect(outbox.counters).toMatchObject({ swept: 5, confirmed: 5 });
});
