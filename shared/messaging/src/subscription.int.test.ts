import type { Topology } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import type { Broker, BrokerOptions } from './broker.ts';
import { declareTopology } from './declare-topology.ts';
import { Subscription, type SubscribeOptions } from './subscription.ts';
import { noTopology, until } from './testing/consuming.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const topology: Topology = {
  exchanges: [{ name: 'news', type: 'direct' }],
  queues: [],
  bindings: [],
};

async function brokerIn(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = world.broker({ topology, ...options });
  await broker.start();
  return broker;
}

async function connected(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = await brokerIn(options);
  await waitFor(() => broker.ping(), { what: 'connecting' });
  return broker;
}

/** A subscription that is started, and stopped at the end; `seen` are the bodies it got. */
async function subscribed(broker: Pick<Broker, 'subscribe'>, options: Partial<SubscribeOptions> = {}) {
  const seen: string[] = [];
  let restorations = 0;
  const subscription = broker.subscribe({
    exchange: 'news',
    onRestored: () => (restorations += 1),
    ...options,
    onMessage: (message) => {
      seen.push(message.body.toString());
      options.onMessage?.(message);
    },
  });
  world.onClose(() => subscription.stop());
  await subscription.start();
  return { subscription, seen, restorations: () => restorations };
}

const publish = (broker: Broker, routingKey: string, messageId: string) =>
  broker.publish({
    exchange: 'news',
    routingKey,
    messageId,
    contentType: 'text/plain',
    headers: { 'x-number': 7 },
    transient: true,
    body: Buffer.from(messageId),
  });

/** The queue of the only subscription, once exactly these keys are bound. */
async function queueOf(...keys: string[]): Promise<string> {
  const bindings = () => world.admin.bindingsOf('news');
  await waitFor(
    async () => expect((await bindings()).map(({ routingKey }) => routingKey).sort()).toEqual(keys),
    { what: 'the bindings' },
  );
  return (await bindings())[0]?.queue ?? '';
}

test('what is published under a bound key arrives, with its headers and in order', async () => {
  const broker = await connected();
  const messages: unknown[] = [];
  const { subscription, seen } = await subscribed(broker, { onMessage: (message) => messages.push(message) });
  await subscription.bind('a');
  await publish(broker, 'b', 'not for us');
  await publish(broker, 'a', 'one');
  await publish(broker, 'a', 'two');
  await until('both', () => seen.length === 2);
  expect(seen).toEqual(['one', 'two']);
  expect(messages[0]).toEqual({
    routingKey: 'a',
    headers: { 'x-number': 7 },
    body: Buffer.from('one'),
  });
});

test('what is published under a key that is unbound does not arrive', async () => {
  const broker = await connected();
  const { subscription, seen } = await subscribed(broker);
  await subscription.bind('a');
  await subscription.bind('b');
  await subscription.unbind('a');
  await publish(broker, 'a', 'too late');
  await publish(broker, 'b', 'last');
  await until('the last', () => seen.includes('last'));
  expect(seen).toEqual(['last']);
});

test('the last word counts of those that come at once', async () => {
  const broker = await connected();
  const { subscription, seen } = await subscribed(broker);
  await subscription.bind('a');
  await Promise.all([
    subscription.unbind('a'),
    subscription.bind('a'),
    subscription.bind('b'),
    subscription.unbind('b'),
  ]);
  await publish(broker, 'b', 'unbound');
  await publish(broker, 'a', 'bound');
  await until('what is bound', () => seen.includes('bound'));
  expect(seen).toEqual(['bound']);
});

test('each of two subscriptions gets everything', async () => {
  const broker = await connected();
  const one = await subscribed(broker);
  const other = await subscribed(await connected());
  await Promise.all([one.subscription.bind('a'), other.subscription.bind('a')]);
  await publish(broker, 'a', 'for both');
  await until('both', () => one.seen.length === 1 && other.seen.length === 1);
});

test('a message that its subscriber fails on costs only itself', async () => {
  const broker = await connected();
  const { subscription, seen } = await subscribed(broker, {
    onMessage: ({ body }) => {
      if (body.toString() === 'bad') throw new Error('cannot read it');
    },
  });
  await subscription.bind('a');
  await publish(broker, 'a', 'bad');
  await publish(broker, 'a', 'good');
  await until('the next', () => seen.includes('good'));
  expect(world.log.saying('message not handled')).toHaveLength(1);
});

/** Subscriptions on a connection that the test can use too: nobody else may touch an exclusive queue. */
async function onOwnConnection() {
  const connection = world.connection({
    prepare: async (model) => {
      await declareTopology(model, topology, new Map());
    },
  });
  await until('connecting', () => connection.model !== undefined);
  return {
    subscribe: (options: SubscribeOptions) => new Subscription(connection, options, world.log, noTopology),
    deleteQueue: async (queue: string) => {
      const channel = await connection.model?.createChannel();
      await channel?.deleteQueue(queue);
    },
  };
}

describe('the queue and its bindings are made again', () => {
  test('after the connection was cut, and this is reported', async () => {
    const proxy = await world.proxy();
    const { subscription, seen, restorations } = await subscribed(
      await connected({ urls: [proxy.through(world.url)] }),
    );
    await subscription.bind('a');
    await subscription.bind('b');
    await subscription.bind('c');
    await subscription.unbind('c');
    expect(restorations()).toBe(0);
    proxy.cut();
    await until('being told', () => restorations() === 1);
    await queueOf('a', 'b');
    const publisher = await connected();
    await publish(publisher, 'a', 'one');
    await publish(publisher, 'b', 'two');
    await until('both', () => seen.length === 2);
  });

  test('after the queue was deleted', async () => {
    const broker = await onOwnConnection();
    const { subscription, seen, restorations } = await subscribed(broker);
    await subscription.bind('a');
    const queue = await queueOf('a');
    await broker.deleteQueue(queue);
    await until('being told', () => restorations() === 1);
    expect(await queueOf('a')).not.toBe(queue);
    await publish(await connected(), 'a', 'after');
    await until('the message', () => seen.includes('after'));
  });

  test('after the exchange of another program was deleted, which the broker does not report', async () => {
    await connected();
    const nothing: Topology = { exchanges: [], queues: [], bindings: [] };
    const broker = await connected({ topology: nothing, redeclareEveryMs: 200 });
    const { subscription, seen, restorations } = await subscribed(broker);
    await subscription.bind('a');
    await world.admin.deleteExchange('news');
    await until('missing it', () => world.log.saying('subscribing channel failed').length > 0);
    // Its owner declares it again.
    await world.eye.assertExchange('news', 'direct', { durable: true });
    await until('being told', () => restorations() === 1);
    await publish(broker, 'a', 'after');
    await until('the message', () => seen.includes('after'));
  });
});

describe('while there is no broker', () => {
  /** A subscription whose broker listens only once `forward` is called. */
  async function away(): Promise<{
    subscription: Subscription;
    seen: string[];
    forward: () => Promise<void>;
  }> {
    const proxy = await world.proxy();
    await proxy.refuse();
    const made = await subscribed(await brokerIn({ urls: [proxy.through(world.url)] }));
    await until('missing it', () => world.log.saying('not reachable').length > 0);
    return { ...made, forward: () => proxy.forward() };
  }

  test('bind() waits until it is back', async () => {
    const { subscription, seen, forward } = await away();
    let bound = false;
    const binding = subscription.bind('a').then(() => (bound = true));
    const withdrawn = subscription.bind('b');
    await subscription.unbind('b');
    expect(bound).toBe(false);
    await forward();
    await Promise.all([binding, withdrawn]);
    await queueOf('a');
    await publish(await connected(), 'a', 'after');
    await until('the message', () => seen.includes('after'));
  });

  test('bind() is refused once we stop, and so is every later one', async () => {
    const { subscription } = await away();
    const waiting = expect(subscription.bind('a')).rejects.toMatchObject({
      name: 'SubscriptionStoppedError',
    });
    await subscription.stop();
    await subscription.stop();
    await waiting;
    await expect(subscription.bind('b')).rejects.toThrow('subscription to news is stopped');
    await subscription.unbind('a');
  });
});

test('stopping takes the queue away, and may come before starting', async () => {
  const broker = await connected();
  const { subscription } = await subscribed(broker);
  await subscription.bind('a');
  await queueOf('a');
  await subscription.stop();
  await queueOf();
  await broker
    .subscribe({ exchange: 'news', onMessage: () => undefined, onRestored: () => undefined })
    .stop();
});
