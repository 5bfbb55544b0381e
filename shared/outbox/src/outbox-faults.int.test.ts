import { randomUUID } from 'node:crypto';
import { waitFor } from '@payfan/stack/testing';
import { claimExpired } from './outbox-store.ts';
import { event, events, idsOf, nothing, openRelays, type Relays } from './testing/relays.ts';

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
      await waitFor(() => killWaiting(dead.relayId), { what: 'the removal' });
      await waitFor(() => Promise.resolve(relays.log.saying('not removed').length === 1), {
        what: 'the death',
      });
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
      expect(outbox.counters).toEqual({ ...nothing, published: 500, confirmed: 500 });
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
    const heir = await inherit();
    await slow.wire.forward();
    await waitFor(() => Promise.resolve(slow.outbox.counters.leaseLost === 1), { what: 'the late confirm' });
    expect(await relays.rows()).toEqual([{ eventId: sent.eventId, holder: heir, held: true }]);
  });
});

describe('a relay that was stalled for longer than its lease', () => {
  test('between commit and hand-off publishes again what another has published, and that is counted', async () => {
    const stalled = await relays.start({ leaseSeconds: 1, sweeps: false });
    const list = events(3);
    const handedOff = await stalled.commit(list);
    const other = await relays.start();
    await relays.drained('the lease running out');
    expect(other.outbox.counters).toMatchObject({ swept: 3, confirmed: 3 });

    stalled.outbox.handOff(handedOff);
    await waitFor(() => Promise.resolve(stalled.outbox.counters.leaseLost === 3), { what: 'waking up' });
    expect(await relays.published()).toEqual([...idsOf(list), ...idsOf(list)].sort());
  });

  test('and cannot publish any more gives back nothing that another holds', async () => {
    const stalled = await relays.start({ leaseSeconds: 1, sweeps: false });
    const sent = event();
    const handedOff = await stalled.commit([sent]);
    const heir = await inherit();
    await relays.disconnect(stalled);
    stalled.outbox.handOff(handedOff);
    // Stopping waits for what was handed off, so that the attempt to give it back has been made.
    await stalled.outbox.stop();
    expect(await relays.rows()).toEqual([{ eventId: sent.eventId, holder: heir, held: true }]);
  });
});

/** Claims the one row there is for another relay, as soon as its lease has run out; answers that relay's id. */
async function inherit(): Promise<string> {
  const heir = randomUUID();
  await waitFor(
    async () => {
      await relays.admin.transaction(async (tx) => {
        await tx.query({ text: 'set local search_path to transaction' });
        await claimExpired(tx, { holder: heir, seconds: 3_600 }, { limit: 10, fromId: 0 });
      });
      expect(await relays.rows()).toMatchObject([{ holder: heir }]);
    },
    { what: 'the lease passing on' },
  );
  return heir;
}

test('an outage of the database ends no sweeper', async () => {
  const relay = await relays.start();
  const { relayId, send, outbox, wire } = relay;
  await waitFor(
    async () => {
      const killed = await relays.admin.query({
        text: 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
        values: [relayId],
      });
      return killed.length > 0 && relays.log.saying('outbox not swept').length > 0;
    },
    { what: 'a sweep being cut short' },
  );
  await relays.disconnect(relay);
  await send(events(5));
  await wire.forward();
  await relays.drained();
  expect(outbox.counters).toMatchObject({ published: 5, confirmed: 5, failed: 0 });
});

test('events of a commit whose answer got lost leave at once, long before their leases end', async () => {
  const { outbox, commit } = await relays.start({ leaseSeconds: 3_600 });
  const list = events(5);
  const rows = await commit(list);
  expect(rows).toHaveLength(5);
  outbox.abandon(idsOf(list));
  await relays.drained();
  expect(await relays.published()).toEqual(idsOf(list));
});

test('stopping waits for no frozen broker, and leaves what it did not confirm to others at once', async () => {
  const stopping = await relays.start({ leaseSeconds: 3_600, sweeps: false });
  const other = await relays.start();
  stopping.wire.hang();
  const list = events(8);
  expect(await stopping.send(list)).toBe(8);
  await stopping.outbox.stop();
  expect(relays.log.saying('stopping with events that are not confirmed')).toHaveLength(1);
  await relays.drained();
  expect(await relays.published()).toEqual(idsOf(list));
  expect(other.outbox.counters).toMatchObject({ confirmed: 8, swept: 8, takenOver: 0 });
});
