import { waitFor } from '@payfan/stack/testing';
import type { Channel } from 'amqplib';
import { connectionShowing, consumeIn, gate, noTopology, QUEUE, until } from './testing/consuming.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const RENEW_AFTER_MS = 200;

/** What a broker does to a consumer when it loses one of its nodes, done to the first channel of a connection. */
function connectionThat(harms: (channel: Channel) => void) {
  const channels: Channel[] = [];
  const connection = connectionShowing(world, (channel) => {
    if (channels.push(channel) === 1) harms(channel);
  });
  return { channels, connection };
}

/** For the broker everything is in our hands, and nothing has arrived. */
function losesDeliveries(channel: Channel): void {
  const consume = channel.consume.bind(channel);
  channel.consume = (queue, _onMessage, options) => consume(queue, () => undefined, options);
}

function losesAcks(channel: Channel): void {
  channel.ack = () => undefined;
}

/** So many messages wait or are in somebody's hands, as the broker tells it after a while. */
const brokerHas = (messages: number) =>
  waitFor(async () => (await world.admin.messages()) === messages, { what: `${messages} messages` });

describe('a consumer whom the broker takes to have more than it got', () => {
  test('gets it all the same, and what came after it', async () => {
    await world.queueOf(QUEUE, 'one', 'two', 'three', 'four');
    const { connection } = connectionThat(losesDeliveries);
    const { seen } = await consumeIn(world, { prefetch: 3, renewAfterMs: RENEW_AFTER_MS }, connection);
    await until('all four', () => seen.length === 4);
    expect(seen.toSorted()).toEqual(['four', 'one', 'three', 'two']);
    expect(world.log.saying('messages wait and none came: consuming anew')[0]).toMatchObject({
      level: 'warn',
      fields: { queue: QUEUE, waiting: 1 },
    });
  });

  test.each([
    ['gets the last message too, after which none comes that would show the gap', losesDeliveries, 1],
    ['has its message again whose ack was not heard, and ends it', losesAcks, 2],
  ])('%s', async (_what, harms, times) => {
    await world.queueOf(QUEUE, 'the last');
    await brokerHas(1);
    const { connection } = connectionThat(harms);
    const { seen, stop } = await consumeIn(world, { renewAfterMs: RENEW_AFTER_MS }, connection);
    await until(`it, ${times} times`, () => seen.length === times);
    await stop();
    await brokerHas(0);
  });
});

test('a consumer whom the broker never answers asks again, on another channel', async () => {
  await world.queueOf(QUEUE, 'waiting');
  const { connection, channels } = connectionThat((channel) => {
    channel.consume = () => new Promise(() => undefined);
  });
  const { seen } = await consumeIn(world, { answerTimeoutMs: 1_000 }, connection);
  await until('it', () => seen.length === 1);
  expect(channels.length).toBeGreaterThan(1);
});

test('a consumer with work in hand is not quiet', async () => {
  await world.queueOf(QUEUE, 'slow');
  const { open, opened } = gate();
  const { connection, channels } = connectionThat(() => undefined);
  const { seen } = await consumeIn(
    world,
    { renewAfterMs: RENEW_AFTER_MS, handler: () => opened },
    connection,
  );
  await until('it', () => seen.length === 1);
  const before = channels.length;
  const begunMs = performance.now();
  await until('many times the pause', () => performance.now() - begunMs > 5 * RENEW_AFTER_MS);
  expect(channels).toHaveLength(before);
  open();
  await until('it consuming anew', () => channels.length > before);
  expect(seen).toEqual(['slow']);
});

test('what comes in the very instant of consuming anew is neither lost nor handled twice at a time', async () => {
  await world.queueOf(QUEUE);
  const { connection, channels } = connectionThat(() => undefined);
  const inHand = new Set<string>();
  const overlapping: string[] = [];
  const { seen } = await consumeIn(
    world,
    {
      renewAfterMs: 1,
      handler: async ({ body }) => {
        const name = body.toString();
        if (inHand.has(name)) overlapping.push(name);
        inHand.add(name);
        // Several turns, in which the consumer would leave if it took no notice.
        for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
        inHand.delete(name);
      },
    },
    connection,
  );
  for (let index = 0; index < 100; index += 1) {
    const before = channels.length;
    await until('another channel', () => channels.length > before);
    world.eye.sendToQueue(QUEUE, Buffer.from(`m-${index}`));
  }
  await until('all of them', () => new Set(seen).size === 100);
  expect(overlapping).toEqual([]);
});

test('a queue that was deleted once is not asked for with every silence', async () => {
  await world.queueOf(QUEUE);
  const { connection, channels } = connectionThat(() => undefined);
  let restored = 0;
  const topology = {
    ...noTopology,
    restore: async () => {
      restored += 1;
      await world.admin.declareQueue(QUEUE);
    },
  };
  await consumeIn(world, { topology, renewAfterMs: RENEW_AFTER_MS }, connection);
  await until('it consuming', () => channels.length > 0);
  await world.admin.deleteQueue(QUEUE);
  await until('the queue being back', () => restored === 1);
  const before = channels.length;
  await until('several silences', () => channels.length > before + 3);
  expect(restored).toBe(1);
});
