import type { Topology } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import type { Broker, BrokerOptions } from './broker.ts';
import { consumeIn, until } from './testing/consuming.ts';
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
/** Declares nothing itself. */
const nothingOf = (own: Topology): Topology => ({ ...own, exchanges: [], queues: [], bindings: [] });
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
  await waitFor(() => broker.ping(), { what: 'connecting' });
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
  await waitFor(found, { what: 'a round that finds it gone', intervalMs: 2_000 });
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
    await waitFor(() => broker.publish(event('again')), { what: 'healing' });
    expect([await idsIn('inbox'), await idsIn('other')]).toEqual([['again'], ['again']]);
  });

  test('an exchange that was deleted comes back with all its bindings when it is missed', async () => {
    const broker = await connected();
    await world.admin.deleteExchange('events');
    await expect(broker.publish(event('missed it'))).rejects.toMatchObject({ kind: 'disconnected' });
    await waitFor(() => broker.publish(event('again')), { what: 'healing' });
    expect([await idsIn('inbox'), await idsIn('other')]).toEqual([['again'], ['again']]);
    expect(restored()).toEqual(['events']);
  });

  test('one binding of several, which nothing tells of, is back after a round', async () => {
    const broker = await connected({ redeclareEveryMs: 50 });
    await world.admin.unbind('events', 'other', 'known.*');
    let sent = 0;
    await waitFor(
      async () => {
        await broker.publish(event(`e-${++sent}`));
        return (await idsIn('other')).length > 0;
      },
      { what: 'the binding' },
    );
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
      { what: 'consuming again' },
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

describe('what another program owns', () => {
  /** A channel: it binds its queue to the exchange of a publisher. */
  const channel: Topology = {
    exchanges: [{ name: 'back', type: 'direct' }],
    queues: [{ name: 'inbox', arguments: { ...quorum, 'x-dead-letter-exchange': 'back' } }],
    bindings: [...topology.bindings.slice(0, 1), { exchange: 'back', queue: 'inbox', routingKey: 'inbox' }],
  };
  /** Owns the exchange and all of its bindings, but none of the queues. */
  const publisher: Topology = { ...topology, queues: [] };
  const declareQueues = () => Promise.all(['inbox', 'other'].map((queue) => world.admin.declareQueue(queue)));

  test('an exchange is left to its owner, as a channel would make it lead to its own queue only', async () => {
    await connected({ redeclareEveryMs: 60_000 });
    await connected({
      topology: { ...channel, queues: [{ name: 'inbox', arguments: quorum }] },
      redeclareEveryMs: 50,
    });
    await world.admin.deleteExchange('events');
    const gone = () => world.log.saying('exchanges of other programs are gone');
    await until('the channel finding it gone', () => gone().length > 0);
    expect(gone()[0]?.fields).toEqual({ absent: ['events'] });
    await expect(world.eye.checkExchange('events')).rejects.toMatchObject({ code: 404 });
  });

  test('an exchange comes back with all its bindings in a round of its owner, though nothing is published', async () => {
    await declareQueues();
    await connected({ topology: publisher, redeclareEveryMs: 50 });
    await deletedUntil(
      () => world.admin.deleteExchange('events'),
      () => restored().includes('events'),
    );
    await waitFor(async () => expect(await world.admin.bindingsOf('events')).toHaveLength(2), {
      what: 'the bindings',
    });
  });

  test.each([
    ['its owner, which binds the queue', publisher],
    [
      'another program, which expects the queue',
      { ...nothingOf(publisher), expects: publisher.bindings } satisfies Topology,
    ],
  ])('while a queue is missing, %s publishes nothing to the exchange', async (_who, own) => {
    await declareQueues();
    await connected({ topology: publisher, redeclareEveryMs: 60_000 });
    const broker = await connected({ topology: own, redeclareEveryMs: 50 });
    await broker.publish(event('before'));
    expect([await idsIn('inbox'), await idsIn('other')]).toEqual([['before'], ['before']]);
    await world.admin.deleteQueue('other');
    const reported = () => world.log.saying('nothing is published to an exchange that lacks a queue');
    await until('the loss being found', () => reported().length > 0);
    expect(reported()[0]).toMatchObject({ level: 'error' });
    await expect(broker.publish(event('during'))).rejects.toMatchObject({
      kind: 'returned',
      message: expect.stringContaining('the queue other is gone'),
    });
    expect(await idsIn('inbox')).toEqual([]);
    await world.admin.declareQueue('other');
    await world.admin.bind('events', 'other', 'known.*');
    await waitFor(() => broker.publish(event('after')), { what: 'the queue being found again' });
    expect([await idsIn('inbox'), await idsIn('other')]).toEqual([['after'], ['after']]);
  });

  test('an exchange into which a queue dead-letters comes back, although no program publishes to it', async () => {
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
    const restore = () => keeper.restore('asked');
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
    await waitFor(async () => expect(await idsIn('other')).toEqual(['for both']), { what: 'the rest' });
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
    await keeper.restore('asked');
    expect(world.log.lines).toEqual([]);
  });
});
