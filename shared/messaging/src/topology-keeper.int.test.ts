import type { Topology } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import type { Broker, BrokerOptions } from './broker.ts';
import { consumeIn, soon, until } from './testing/consuming.ts';
import { restoreTopology } from './restore-topology.ts';
import { BLOCKED, UNBLOCKED } from './testing/frames.ts';
import { openWorld, type World } from './testing/world.ts';
import { TopologyKeeper, type TopologyKeeperOptions } from './topology-keeper.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const quorum = { 'x-queue-type': 'quorum' };
/** Each event goes to both queues, as it would to two channels. */
const topology: Topology = {
  exchanges: [{ name: 'events', type: 'topic' }],
  queues: [
    { name: 'inbox', arguments: quorum },
    { name: 'other', arguments: quorum },
  ],
  bindings: [
    { exchange: 'events', queue: 'inbox', routingKey: 'known.*' },
    { exchange: 'events', queue: 'other', routingKey: 'known.*' },
  ],
};
const event = (messageId: string) => ({
  exchange: 'events',
  routingKey: 'known.event',
  messageId,
  contentType: 'text/plain',
  body: Buffer.from(messageId),
});

async function connected(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = world.broker({ topology, ...options });
  await broker.start();
  await waitFor(() => broker.ping(), soon('connecting'));
  return broker;
}
const idsIn = async (queue: string) => (await world.admin.take(queue)).map(({ messageId }) => messageId);
const restored = () =>
  world.log
    .saying('have been declared again')
    .flatMap(({ fields }) => ('restored' in fields ? (fields.restored as string[]) : []));

/** A round that has just seen what is then deleted declares it anew without a word; so it is deleted once more. */
async function deletedUntil(deleteIt: () => Promise<unknown>, isFound: () => boolean): Promise<void> {
  const found = async () => {
    if (isFound()) return true;
    await deleteIt();
    return false;
  };
  await waitFor(found, { ...soon('a round that finds it gone'), intervalMs: 2_000 });
}

describe('while connected', () => {
  test('what no binding leads anywhere any more is returned once, and the next message finds all of them again', async () => {
    const broker = await connected();
    for (const queue of ['inbox', 'other']) await world.admin.unbind('events', queue, 'known.*');
    const returned = broker.publish(event('returned'));
    await expect(returned).rejects.toMatchObject({ kind: 'returned' });
    // Whatever goes out now could meet one of the bindings without the other.
    expect(broker.publishable).toBe(false);
    await expect(broker.publish(event('too early'))).rejects.toMatchObject({ kind: 'blocked' });
    await waitFor(() => broker.publish(event('again')), soon('healing'));
    expect([await idsIn('inbox'), await idsIn('other')]).toEqual([['again'], ['again']]);
  });

  test('an exchange that was deleted comes back with all its bindings when it is missed', async () => {
    const broker = await connected();
    await world.admin.deleteExchange('events');
    await expect(broker.publish(event('missed it'))).rejects.toMatchObject({ kind: 'disconnected' });
    await waitFor(() => broker.publish(event('again')), soon('healing'));
    expect([await idsIn('inbox'), await idsIn('other')]).toEqual([['again'], ['again']]);
    expect(restored()).toEqual(['events']);
  });

  test('one binding of several, which nothing tells of, is back after a round', async () => {
    const broker = await connected({ redeclareEveryMs: 50 });
    await world.admin.unbind('events', 'other', 'known.*');
    let sent = 0;
    await waitFor(async () => {
      await broker.publish(event(`e-${++sent}`));
      return (await idsIn('other')).length > 0;
    }, soon('the binding'));
    expect((await idsIn('inbox')).length).toBe(sent);
  });

  test('a queue is back after a round, and the operator reads that it was gone', async () => {
    await connected({ redeclareEveryMs: 50 });
    await deletedUntil(
      () => world.admin.deleteQueue('other'),
      () => restored().includes('other'),
    );
    expect(await world.messagesIn('other')).toBe(0);
    expect(world.log.saying('have been declared again')[0]).toMatchObject({ level: 'warn' });
  });
});

describe('a consumer', () => {
  test('whose queue is deleted declares it again, with its bindings, and consumes on', async () => {
    const broker = await connected();
    const { seen } = await consumeIn(world, { queue: 'inbox' }, broker);
    await broker.publish(event('before'));
    await until('the first message', () => seen.length === 1);
    await world.admin.deleteQueue('inbox');
    await until('the queue', () => restored().includes('inbox'));
    await waitFor(
      async () => expect(await world.eye.checkQueue('inbox')).toMatchObject({ consumerCount: 1 }),
      soon('consuming again'),
    );
    await broker.publish(event('after'));
    await until('the second message', () => seen.includes('after'));
    expect(world.log.saying('connection lost')).toEqual([]);
  });

  test('that starts when its queue is gone declares it too', async () => {
    const broker = await connected();
    await world.admin.deleteQueue('inbox');
    const { seen } = await consumeIn(world, { queue: 'inbox' }, broker);
    await until('the queue', () => restored().includes('inbox'));
    await broker.publish(event('after'));
    await until('the message', () => seen.includes('after'));
  });
});

describe('an exchange that is gone', () => {
  /** A channel: it consumes what another publishes to `events`, and dead-letters into an exchange of its own. */
  const channel: Topology = {
    exchanges: [...topology.exchanges, { name: 'back', type: 'direct' }],
    queues: [{ name: 'inbox', arguments: { ...quorum, 'x-dead-letter-exchange': 'back' } }],
    bindings: [...topology.bindings.slice(0, 1), { exchange: 'back', queue: 'inbox', routingKey: 'inbox' }],
  };

  test('is left to those who publish to it, as others would make it lead to their own queue only', async () => {
    await connected({ topology: channel, redeclareEveryMs: 50 });
    await deletedUntil(
      () => world.admin.deleteExchange('events'),
      () => world.log.saying('exchanges are gone').length > 0,
    );
    expect(world.log.saying('exchanges are gone')[0]?.fields).toEqual({ absent: ['events'] });
    expect(restored()).toEqual([]);
    const whole = { ...topology, queues: [...channel.queues, ...topology.queues.slice(1)] };
    const publisher = await connected({ topology: whole });
    await publisher.publish(event('for both'));
    expect([await idsIn('inbox'), await idsIn('other')]).toEqual([['for both'], ['for both']]);
  });

  test('is left to them also if it goes right after it was seen', async () => {
    await connected({ topology: channel });
    const connection = world.connection();
    await until('connecting', () => connection.model !== undefined);
    const model = connection.model!;
    const createChannel = model.createChannel.bind(model);
    model.createChannel = async () => {
      const asking = await createChannel();
      const checkExchange = asking.checkExchange.bind(asking);
      asking.checkExchange = async (name) => {
        const seen = await checkExchange(name);
        if (name === 'events') await world.admin.deleteExchange(name);
        return seen;
      };
      return asking;
    };
    await restoreTopology(model, channel, (exchange) => exchange !== 'events');
    await expect(world.eye.checkExchange('events')).rejects.toMatchObject({ code: 404 });
  });

  test('comes back by itself if a queue dead-letters into it: nobody publishes there', async () => {
    await connected({ topology: channel, redeclareEveryMs: 50 });
    await deletedUntil(
      () => world.admin.deleteExchange('back'),
      () => restored().includes('back'),
    );
  });
});

describe('restore()', () => {
  async function keeperBehindProxy(options: Partial<TopologyKeeperOptions> = {}) {
    const proxy = await world.proxy();
    const connection = world.connection({ urls: [proxy.through(world.url)] });
    const keeper = new TopologyKeeper({ connections: [connection], topology, log: world.log, ...options });
    world.onClose(() => {
      keeper.stop();
      return Promise.resolve();
    });
    await until('connecting', () => connection.model !== undefined);
    const restore = () => keeper.restore({ why: 'asked', exchange: 'events' });
    return { proxy, connection, restore };
  }

  test('tells of a queue that was replaced by another kind, which costs neither the connection nor the rest', async () => {
    const { connection, restore } = await keeperBehindProxy();
    const { model } = connection;
    await world.admin.declareQueue('inbox', { 'x-delivery-limit': 7 });
    await restore();
    expect(world.log.saying('topology not as it should be')).toMatchObject([
      { level: 'error', fields: { err: { name: 'TopologyMismatchError' } } },
    ]);
    expect(restored()).toEqual(['other', 'events']);
    world.eye.publish('events', 'known.event', Buffer.from(''), { messageId: 'for both' });
    await waitFor(async () => expect(await idsIn('other')).toEqual(['for both']), soon('the rest'));
    expect(connection.model).toBe(model);
  });

  test('asked for by many at once is one round, and who asks during it gets the next', async () => {
    const { restore } = await keeperBehindProxy();
    await Promise.all(Array.from({ length: 100 }, restore));
    expect(restored()).toEqual(['inbox', 'other', 'events']);
    await world.admin.deleteQueue('other');
    await restore();
    expect(restored()).toEqual(['inbox', 'other', 'events', 'other']);
  });

  test('leaves a connection alone that the broker has blocked, and resolves', async () => {
    const { proxy, connection, restore } = await keeperBehindProxy();
    proxy.say(BLOCKED);
    await until('being blocked', () => connection.blocked !== undefined);
    await restore();
    expect(world.log.saying('declared again')).toEqual([]);
    proxy.say(UNBLOCKED);
    await until('being unblocked', () => connection.blocked === undefined);
    await restore();
    expect(restored()).toEqual(['inbox', 'other', 'events']);
  });

  test('resolves on a frozen connection, which is asked no second time until it has answered', async () => {
    const { proxy, restore } = await keeperBehindProxy({ answerTimeoutMs: 200 });
    proxy.hang();
    await restore();
    await restore();
    await proxy.forward();
    await until('the late answer', () => restored().length === 3);
    await restore();
    // A busy machine may answer this one late, too.
    await until('the second round', () => world.log.saying('declared again').length === 2);
  });

  test('without a connection resolves at once: the next one declares everything', async () => {
    const keeper = new TopologyKeeper({
      connections: [{ model: undefined, blocked: undefined }],
      topology,
      log: world.log,
    });
    await keeper.restore({ why: 'asked' });
    expect(world.log.lines).toEqual([]);
  });
});
