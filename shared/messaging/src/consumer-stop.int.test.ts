import { waitFor } from '@payfan/stack/testing';
import { connectionShowing, consumeIn, gate, QUEUE, until } from './testing/consuming.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

describe('stop()', () => {
  test('waits for what is in hand, acknowledges it, and gives the rest back', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => `m-${index}`);
    await world.queueOf(QUEUE, ...bodies);
    const { open, opened } = gate();
    const { seen, stop } = await consumeIn(world, { prefetch: 5, handler: () => opened });
    await until('five in hand', () => seen.length === 5);
    let stopped = false;
    const stopping = stop().then(() => (stopped = true));
    await world.queueOf(QUEUE, 'came later');
    expect(stopped).toBe(false);
    open();
    await stopping;
    expect(seen).toHaveLength(5);
    const left = (await world.admin.take(QUEUE)).map(({ body }) => body);
    expect(left.sort()).toEqual([...bodies.slice(5), 'came later'].sort());
  });

  test('gives back at once what is held, as waiting for the database could take for ever', async () => {
    await world.queueOf(QUEUE, 'held');
    const { seen, stop } = await consumeIn(world, { handler: () => Promise.reject(new Error('away')) });
    await until('three attempts', () => seen.length === 3);
    await stop();
    expect(await world.admin.take(QUEUE)).toMatchObject([{ body: 'held' }]);
  });

  test('while the consumer is still opening leaves none behind', async () => {
    const broker = world.broker();
    await broker.start();
    await waitFor(() => broker.ping(), { what: 'connecting' });
    await world.queueOf(QUEUE, 'untouched');
    for (let round = 0; round < 20; round += 1) {
      const { seen, stop } = await consumeIn(world, {}, broker);
      // A turn of the event loop more each time, so that every step of opening is cut short once.
      for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate);
      await stop();
      expect(seen.length).toBeLessThanOrEqual(1);
      if (seen.length === 1) await world.queueOf(QUEUE, 'untouched');
    }
    await waitFor(async () => expect(await world.eye.checkQueue(QUEUE)).toMatchObject({ consumerCount: 0 }), {
      what: 'having no consumer',
    });
    expect(await world.admin.take(QUEUE)).toMatchObject([{ body: 'untouched' }]);
  });

  test('while the consumer consumes anew leaves none behind', async () => {
    await world.queueOf(QUEUE);
    let channels = 0;
    const connection = connectionShowing(world, () => (channels += 1));
    for (let round = 0; round < 20; round += 1) {
      const before = channels;
      const { stop } = await consumeIn(world, { renewAfterMs: 1 }, connection);
      await until('it consuming anew', () => channels > before + 1);
      // As above, every step of it.
      for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate);
      await stop();
    }
    await waitFor(async () => expect(await world.eye.checkQueue(QUEUE)).toMatchObject({ consumerCount: 0 }), {
      what: 'having no consumer',
    });
  });

  test('may be called before start, twice, and while the broker is away', async () => {
    const proxy = await world.proxy();
    await world.queueOf(QUEUE, 'untouched');
    const early = world.broker().consume({ queue: QUEUE, prefetch: 1, handler: () => Promise.resolve() });
    await early.stop();
    const { seen, stop } = await consumeIn(
      world,
      { handler: () => Promise.reject(new Error('away')) },
      world.broker({ urls: [proxy.through(world.url)] }),
    );
    await until('a message in hand', () => seen.length > 0);
    await proxy.refuse();
    await Promise.all([stop(), stop()]);
    await stop();
    await proxy.forward();
    expect(await world.admin.take(QUEUE)).toMatchObject([{ body: 'untouched' }]);
  });

  test('does not wait for a frozen broker', async () => {
    const proxy = await world.proxy();
    await world.queueOf(QUEUE, 'done');
    const { seen, stop } = await consumeIn(world, {}, world.broker({ urls: [proxy.through(world.url)] }));
    await until('the message', () => seen.length === 1);
    proxy.hang();
    await stop();
    expect(seen).toEqual(['done']);
  });

  test('does not wait for ever for work that hangs, and gives its message back', async () => {
    await world.queueOf(QUEUE, 'stuck');
    const { seen, stop } = await consumeIn(world, { handler: () => new Promise<void>(() => undefined) });
    await until('the message', () => seen.length === 1);
    await stop();
    expect(await world.admin.take(QUEUE)).toMatchObject([{ body: 'stuck' }]);
  });
});
