import type { Channel } from 'amqplib';
import { connectionShowing, consumeIn, gate, QUEUE, until } from './testing/consuming.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const RENEW_AFTER_MS = 100;

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

describe('a consumer whom the broker takes to have more than it got', () => {
  test('gets it all the same, and what came after it', async () => {
    await world.queueOf(QUEUE, 'one', 'two', 'three', 'four');
    const { connection } = connectionThat(losesDeliveries);
    const { seen } = await consumeIn(world, { prefetch: 3, renewAfterMs: RENEW_AFTER_MS }, connection);
    await until('all four', () => seen.length === 4);
    expect(seen.toSorted()).toEqual(['four', 'one', 'three', 'two']);
    expect(world.log.saying('messages wait and none come: consuming anew')).toMatchObject([
      { level: 'warn', fields: { queue: QUEUE, messageCount: 1 } },
    ]);
  });

  test('gets the last message too, after which none comes that would show the gap', async () => {
    await world.queueOf(QUEUE, 'the last');
    const { connection } = connectionThat(losesDeliveries);
    const { seen, stop } = await consumeIn(world, { renewAfterMs: RENEW_AFTER_MS }, connection);
    await until('it', () => seen.length === 1);
    await stop();
    expect(await world.messagesIn(QUEUE)).toBe(0);
  });

  test('has its message again whose ack was not heard, and ends it', async () => {
    await world.queueOf(QUEUE, 'settled');
    const { connection } = connectionThat((channel) => (channel.ack = () => undefined));
    const { seen, stop } = await consumeIn(world, { renewAfterMs: RENEW_AFTER_MS }, connection);
    await until('it twice', () => seen.length === 2);
    await stop();
    expect(await world.messagesIn(QUEUE)).toBe(0);
  });
});

test('a consumer whom the broker never answers asks again, on another channel', async () => {
  await world.queueOf(QUEUE, 'waiting');
  const { connection, channels } = connectionThat((channel) => {
    channel.consume = () => new Promise(() => undefined);
  });
  const { seen } = await consumeIn(world, { answerTimeoutMs: RENEW_AFTER_MS }, connection);
  await until('it', () => seen.length === 1);
  expect(channels).toHaveLength(2);
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
  const begunMs = performance.now();
  await until('many times the pause', () => performance.now() - begunMs > 10 * RENEW_AFTER_MS);
  expect(channels).toHaveLength(1);
  open();
  await until('it consuming anew', () => channels.length > 1);
  expect(seen).toEqual(['slow']);
});

test('what comes in the very instant of consuming anew is not lost', async () => {
  await world.queueOf(QUEUE);
  const { connection, channels } = connectionThat(() => undefined);
  const { seen } = await consumeIn(world, { renewAfterMs: 1 }, connection);
  for (let index = 0; index < 100; index += 1) {
    const before = channels.length;
    await until('another channel', () => channels.length > before);
    world.eye.sendToQueue(QUEUE, Buffer.from(`m-${index}`));
  }
  await until('all of them', () => new Set(seen).size === 100);
});
