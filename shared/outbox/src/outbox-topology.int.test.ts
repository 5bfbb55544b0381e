import { waitFor } from '@payfan/stack/testing';
import { event, events, idsOf, openRelays, type Relays } from './testing/relays.ts';

let relays: Relays;
beforeEach(async () => {
  relays = await openRelays();
});
afterEach(() => relays.close());

describe('an event that our topology has no queue for', () => {
  test('keeps its row, is counted and reported, and is published when the binding is there', async () => {
    const { outbox, send } = await relays.start({ leaseSeconds: 1 });
    const [good, homeless] = [event(), event({ routingKey: 'unknown.event' })];
    await send([good, homeless]);
    await waitFor(() => Promise.resolve(outbox.counters.returned > 0), { what: 'the return' });
    await waitFor(async () => expect(await relays.rows()).toHaveLength(1), { what: 'the good one leaving' });
    expect(await relays.rows()).toMatchObject([{ eventId: homeless.eventId }]);
    expect(relays.log.saying('has no queue for it')[0]).toMatchObject({
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
    await waitFor(async () => expect(await relays.rows()).toHaveLength(1), { what: 'the good ones leaving' });
    expect(outbox.counters).toMatchObject({ confirmed: 200, returned: 1, failed: 0 });
  });
});

test('events whose queue was deleted are returned, reported, and reach it exactly once when it is back', async () => {
  const { outbox, send } = await relays.start({ leaseSeconds: 1 });
  await relays.operator.deleteQueue('inbox');
  const list = events(50);
  await send(list);
  await relays.drained();
  expect(await relays.published()).toEqual(idsOf(list));
  expect(outbox.counters).toMatchObject({ returned: 50, confirmed: 50, failed: 0 });
  expect(relays.log.saying('event kept')).toHaveLength(50);
  expect(relays.log.saying('have been declared again')[0]).toMatchObject({
    level: 'warn',
    fields: { restored: ['inbox'] },
  });
});

test('an exchange that is deleted under load costs no event: all reach the queue when it is back', async () => {
  // Between the exchange that one relay declares again and its binding, the other's events are returned, and stay
  // until their lease ends.
  const pair = [await relays.start({ leaseSeconds: 1 }), await relays.start({ leaseSeconds: 1 })];
  const list: { eventId: string }[] = [];
  const isMissed = () => relays.log.saying('publishing channel failed').length > 0;
  const sendSome = async () => {
    const some = events(20);
    list.push(...some);
    await Promise.all(pair.map(({ send }, index) => send(some.slice(index * 10, (index + 1) * 10))));
  };
  for (let round = 0; round < 10; round += 1) await sendSome();
  const deleted = relays.operator.deleteExchange('events');
  await waitFor(
    async () => {
      await sendSome();
      return isMissed();
    },
    { what: 'the exchange being missed' },
  );
  await deleted;
  for (let round = 0; round < 10; round += 1) await sendSome();
  await relays.drained();
  // What was under way when the channel broke may have been stored: it is sent again under its id.
  expect([...new Set(await relays.published())]).toEqual(idsOf(list));
});

test('an event for an exchange that nobody declares costs its neighbours one more attempt, and no more', async () => {
  const { outbox, send } = await relays.start({ leaseSeconds: 3_600 });
  const homeless = event({ exchange: 'nowhere' });
  await send([event(), homeless, event()]);
  await waitFor(async () => expect(await relays.rows()).toHaveLength(1), { what: 'the others leaving' });
  expect(await relays.rows()).toMatchObject([{ eventId: homeless.eventId, held: true }]);
  expect(outbox.counters).toMatchObject({ returned: 1, confirmed: 2 });
});
