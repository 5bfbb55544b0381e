import { waitFor } from '@payfan/stack/testing';
import type { Channel } from 'amqplib';
import type { Incoming } from './consumer.ts';
import { connectionShowing, consumeIn, gate, QUEUE, until } from './testing/consuming.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test('a handler that returns has its message acknowledged, and sees all of it', async () => {
  await world.queueOf(QUEUE, 'one', 'two', 'three');
  const messages: Incoming[] = [];
  const { seen, stop } = await consumeIn(world, {
    handler: (message) => {
      messages.push(message);
      return Promise.resolve();
    },
  });
  await until('three messages', () => seen.length === 3);
  expect(messages[0]).toMatchObject({
    queue: QUEUE,
    exchange: '',
    routingKey: QUEUE,
    messageId: 'one',
    redelivered: false,
    body: Buffer.from('one'),
  });
  await stop();
  expect(await world.messagesIn(QUEUE)).toBe(0);
});

test('no more messages are in hand than prefetch allows', async () => {
  await world.queueOf(QUEUE, ...Array.from({ length: 50 }, (_, index) => `m-${index}`));
  let inHand = 0;
  let most = 0;
  const { seen } = await consumeIn(world, {
    prefetch: 7,
    handler: async () => {
      inHand += 1;
      most = Math.max(most, inHand);
      await new Promise(setImmediate);
      inHand -= 1;
    },
  });
  await until('fifty messages', () => seen.length === 50);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(7);
});

test('a handler that throws keeps its message and gets it again, at no cost to the delivery limit', async () => {
  await world.admin.declareQueue('given-up');
  await world.admin.declareQueue(QUEUE, {
    'x-delivery-limit': 1,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': 'given-up',
  });
  world.eye.sendToQueue(QUEUE, Buffer.from('needs the database'));
  let outages = 4;
  const messages: Incoming[] = [];
  const { seen, stop } = await consumeIn(world, {
    handler: (message) => {
      messages.push(message);
      outages -= 1;
      return outages >= 0 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
    },
  });
  await until('the fifth attempt', () => seen.length === 5);
  await stop();
  expect(messages.map(({ redelivered }) => redelivered)).toEqual(Array(5).fill(false));
  expect(await world.messagesIn(QUEUE)).toBe(0);
  expect(await world.admin.take('given-up')).toEqual([]);
  expect(world.log.saying('message held')).toHaveLength(4);
});

test('a message that is held does not hold up the others', async () => {
  await world.queueOf(QUEUE, 'held', 'a', 'b', 'c');
  const { seen } = await consumeIn(world, {
    prefetch: 2,
    handler: ({ body }) =>
      body.toString() === 'held' ? Promise.reject(new Error('away')) : Promise.resolve(),
  });
  await until('the others', () => ['a', 'b', 'c'].every((body) => seen.includes(body)));
});

describe('consuming goes on', () => {
  test('after the queue was deleted and declared again', async () => {
    await world.queueOf(QUEUE, 'before');
    const { seen } = await consumeIn(world);
    await until('the first message', () => seen.length === 1);
    await world.admin.deleteQueue(QUEUE);
    await until('noticing', () => world.log.saying('cancelled by the broker').length > 0);
    await until('missing the queue', () => world.log.saying('cannot consume yet').length > 0);
    await world.queueOf(QUEUE, 'after');
    await until('the second message', () => seen.includes('after'));
  });

  test('after the queue was deleted in the very instant in which its message was done', async () => {
    await world.queueOf(QUEUE, 'before');
    const { open, opened } = gate();
    const warn = world.log.warn.bind(world.log);
    // The only sign of that instant. An ack on the channel that closes then throws where nobody catches it.
    jest.spyOn(world.log, 'warn').mockImplementation((fields, message) => {
      warn(fields, message);
      if (message.includes('cancelled by the broker')) open();
    });
    const { seen } = await consumeIn(world, { handler: () => opened });
    await until('the first message', () => seen.length === 1);
    await world.admin.deleteQueue(QUEUE);
    await until('missing the queue', () => world.log.saying('cannot consume yet').length > 0);
    await world.queueOf(QUEUE, 'after');
    await until('the second message', () => seen.includes('after'));
  });

  test('after a cancel that finds a message done and not acknowledged yet, which does not come again', async () => {
    await world.queueOf(QUEUE, 'before');
    let cancel: () => void = () => undefined;
    const connection = connectionShowing(world, (channel) => {
      const consume = channel.consume.bind(channel);
      channel.consume = (queue, onMessage) => {
        cancel = () => onMessage(null);
        return consume(queue, onMessage);
      };
    });
    const { seen } = await consumeIn(
      world,
      {
        handler: ({ messageId, redelivered }) => {
          // Before the acknowledgement, which is sent at the end of this turn, too, and asked for later.
          if (messageId === 'before' && !redelivered) setImmediate(cancel);
          return Promise.resolve();
        },
      },
      connection,
    );
    await until('the cancel', () => world.log.saying('cancelled by the broker').length === 1);
    await world.queueOf(QUEUE, 'after');
    await until('the second message', () => seen.includes('after'));
    expect(seen).toEqual(['before', 'after']);
  });

  test('after its connection was closed by an operator', async () => {
    await world.queueOf(QUEUE, 'before');
    const { seen } = await consumeIn(world, {}, world.broker({ name: 'email' }));
    await until('the first message', () => seen.length === 1);
    await waitFor(async () => expect(await world.admin.connectionNames()).toContain('email consuming'), {
      what: 'the list of connections',
    });
    await world.admin.closeConnections();
    await until('the loss', () => world.log.saying('connection lost').length > 0);
    const publisher = world.broker();
    await publisher.start();
    await waitFor(
      () =>
        publisher.publish({
          exchange: '',
          routingKey: QUEUE,
          messageId: 'after',
          contentType: 'text/plain',
          body: Buffer.from('after'),
        }),
      { what: 'publishing' },
    );
    await until('the second message', () => seen.includes('after'));
  });

  test('after the broker killed its channel and left the connection', async () => {
    await world.queueOf(QUEUE, 'before');
    const channels: Channel[] = [];
    const connection = connectionShowing(world, (channel) => channels.push(channel));
    const { seen } = await consumeIn(world, {}, connection);
    await until('the first message', () => seen.length === 1);
    // An ack of what was never delivered: RabbitMQ answers by closing the channel.
    channels[0]?.ack({ fields: { deliveryTag: 4_711 } } as never);
    await until('the loss', () => world.log.saying('consuming channel failed').length === 1);
    await world.queueOf(QUEUE, 'after');
    await until('the second message', () => seen.includes('after'));
    expect(channels).toHaveLength(2);
  });

  test('after many losses in a row, by one consumer', async () => {
    await world.queueOf(QUEUE);
    const proxy = await world.proxy();
    const { seen } = await consumeIn(world, {}, world.broker({ urls: [proxy.through(world.url)] }));
    for (let round = 1; round <= 5; round += 1) {
      await world.queueOf(QUEUE, `m-${round}`);
      await until(`message ${round}`, () => seen.includes(`m-${round}`));
      proxy.cut();
    }
    await world.queueOf(QUEUE, 'last');
    await until('the last message', () => seen.includes('last'));
    await waitFor(async () => expect(await world.eye.checkQueue(QUEUE)).toMatchObject({ consumerCount: 1 }), {
      what: 'one consumer',
    });
  });
});

test('a message in hand when its connection breaks is handled again, and its late ack settles nothing else', async () => {
  const bodies = Array.from({ length: 6 }, (_, index) => `m-${index}`);
  await world.queueOf(QUEUE, ...bodies);
  const proxy = await world.proxy();
  const [first, second] = [gate(), gate()];
  const redelivered: string[] = [];
  let ended = 0;
  const { seen, stop } = await consumeIn(
    world,
    {
      prefetch: 6,
      handler: async (message) => {
        if (message.redelivered) {
          redelivered.push(message.body.toString());
          await second.opened;
        } else {
          await first.opened;
          ended += 1;
        }
      },
    },
    world.broker({ urls: [proxy.through(world.url)] }),
  );
  await until('all six in hand', () => seen.length === 6);
  proxy.cut();
  await until('all six in hand again', () => redelivered.length === 6);
  // Both generations have the delivery tags 1 to 6. Sent on the new channel, the first one's acks would
  // settle messages that are not done, and the second one's would then kill the channel.
  first.open();
  await until('the end of the first generation', () => ended === 6);
  expect(await world.messagesIn(QUEUE)).toBe(0);
  second.open();
  await stop();
  expect(await world.messagesIn(QUEUE)).toBe(0);
  expect(redelivered.sort()).toEqual(bodies);
  expect(world.log.saying('consuming channel failed')).toEqual([]);
});
