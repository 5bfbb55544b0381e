import { waitFor } from '@payfan/stack/testing';
import type { Topology } from '@payfan/contracts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const oneQueue: Topology = {
  exchanges: [{ name: 'events', type: 'topic' }],
  queues: [{ name: 'inbox', arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 5 } }],
  bindings: [{ exchange: 'events', queue: 'inbox', routingKey: '#' }],
};
const event = (messageId: string) => ({
  exchange: 'events',
  routingKey: 'a.b',
  messageId,
  contentType: 'text/plain',
  body: Buffer.from(messageId),
});

test('a broker that is away at the start is said to be away, and is connected to when it appears', async () => {
  const proxy = await world.proxy();
  await proxy.refuse();
  const broker = world.broker({ urls: [proxy.through(world.url)], topology: oneQueue });
  await broker.start();
  await waitFor(() => Promise.resolve(world.log.saying('not reachable').length > 2), {
    what: 'three attempts',
  });
  await expect(broker.ping()).rejects.toThrow(/not connected.*ECONNREFUSED/);
  expect(broker.publishable).toBe(false);
  await expect(broker.publish(event('early'))).rejects.toMatchObject({ kind: 'disconnected' });

  await proxy.forward();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  await broker.publish(event('late'));
  // What was refused was not kept for later.
  expect(await world.admin.take('inbox')).toMatchObject([{ body: 'late' }]);
});

test('a connection that an operator closes comes back, with what was deleted meanwhile declared again', async () => {
  const broker = world.broker({ topology: oneQueue });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  await world.admin.deleteQueue('inbox');
  await waitFor(async () => expect(await world.admin.connectionNames()).toHaveLength(2), {
    what: 'the list of connections',
  });
  await world.admin.closeConnections();
  await waitFor(() => Promise.resolve(world.log.saying('connection lost').length >= 2), { what: 'the loss' });
  await waitFor(() => broker.publish(event('again')), { what: 'publishing again' });
  expect(await world.admin.take('inbox')).toMatchObject([{ body: 'again' }]);
});

test('of several hosts, one that refuses and one that never answers are passed over', async () => {
  const [dead, frozen] = [await world.proxy(), await world.proxy()];
  await dead.refuse();
  frozen.hang();
  const broker = world.broker({ urls: [dead.through(world.url), frozen.through(world.url), world.url] });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'reaching the third host' });
  expect(frozen.connections).toBeGreaterThan(0);
});

test('when its host dies, a connection moves to the next', async () => {
  const [one, two] = [await world.proxy(), await world.proxy()];
  const broker = world.broker({ urls: [one.through(world.url), two.through(world.url)], topology: oneQueue });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  expect([one.connections, two.connections]).toEqual([2, 0]);
  await one.refuse();
  await waitFor(() => broker.publish(event('moved')), { what: 'publishing through the second host' });
  expect(await world.admin.take('inbox')).toMatchObject([{ body: 'moved' }]);
});

test('a host that froze is not the first to be asked again, whichever it is', async () => {
  const [one, two] = [await world.proxy(), await world.proxy()];
  const urls = [one, two].map((proxy) => `${proxy.through(world.url)}?heartbeat=1`);
  const connection = world.connection({ urls });
  for (const [froze, other] of [[one, two] as const, [two, one] as const]) {
    // A host that freezes during the handshake is one that was not reached, which is another case.
    await waitFor(() => Promise.resolve(connection.model !== undefined), { what: 'connecting' });
    const before = connection.model;
    froze.hang();
    await waitFor(() => Promise.resolve(connection.model !== undefined && connection.model !== before), {
      what: 'connecting to the other',
    });
    expect(other.connections).toBe(1);
    await froze.forward();
  }
  expect(world.log.saying('not reachable')).toEqual([]);
});

test('a connection that dies while it is prepared is dropped, and the next one is used', async () => {
  const proxy = await world.proxy();
  let prepared = 0;
  const connection = world.connection({
    urls: [proxy.through(world.url)],
    prepare: async (model) => {
      prepared += 1;
      if (prepared > 1) return;
      proxy.cut();
      await model.createChannel();
    },
  });
  await waitFor(() => Promise.resolve(connection.model !== undefined), { what: 'the second connection' });
  expect(prepared).toBe(2);
});

test('a frozen broker is noticed by its missing heartbeats', async () => {
  const proxy = await world.proxy();
  const connection = world.connection({ urls: [`${proxy.through(world.url)}?heartbeat=1`] });
  await waitFor(() => Promise.resolve(connection.model !== undefined), { what: 'connecting' });
  proxy.hang();
  await waitFor(() => Promise.resolve(world.log.saying('broker connection lost').length > 0), {
    what: 'noticing',
  });
  // By whichever side missed them first.
  expect(JSON.stringify(world.log.saying('broker connection lost'))).toMatch(/heartbeat|unexpected close/i);
  // New connections are taken and not answered: only a limit on the handshake gets past this.
  await waitFor(() => Promise.resolve(world.log.saying('not reachable').length > 0), { what: 'giving up' });
  await proxy.forward();
  await waitFor(() => Promise.resolve(connection.model !== undefined), { what: 'connecting again' });
});

test('a queue that exists with other arguments is reported to the operator, and repaired by deleting it', async () => {
  await world.admin.declareQueue('inbox', { 'x-delivery-limit': 7 });
  const broker = world.broker({ topology: oneQueue });
  await broker.start();
  await waitFor(() => expect(broker.ping()).rejects.toThrow(/inbox.*move its messages away and delete it/), {
    what: 'the reason',
  });
  await world.admin.deleteQueue('inbox');
  await waitFor(() => broker.ping(), { what: 'healing' });
});

test('connections carry the name of their service and what they are for', async () => {
  const broker = world.broker({ name: 'email' });
  await broker.start();
  await waitFor(
    async () => expect(await world.admin.connectionNames()).toEqual(['email consuming', 'email publishing']),
    { what: 'the list of connections' },
  );
});

describe('stop()', () => {
  test('may be called before start, twice, and while the broker is away', async () => {
    const proxy = await world.proxy();
    await proxy.refuse();
    const never = world.broker();
    await never.stop();
    const away = world.broker({ urls: [proxy.through(world.url)] });
    await away.start();
    await Promise.all([away.stop(), away.stop()]);
    await away.stop();
    const attempts = world.log.lines.length;
    await proxy.forward();
    await expect(away.ping()).rejects.toThrow('not connected');
    expect(world.log.lines).toHaveLength(attempts);
    expect(proxy.connections).toBe(0);
  });

  test('while connecting leaves no connection behind', async () => {
    const proxy = await world.proxy();
    const broker = world.broker({ urls: [proxy.through(world.url)], topology: oneQueue });
    await broker.start();
    await broker.stop();
    await waitFor(() => Promise.resolve(proxy.connections === 0), { what: 'closing' });
    await expect(broker.ping()).rejects.toThrow('not connected');
  });

  test('does not wait for a frozen broker', async () => {
    const proxy = await world.proxy();
    const broker = world.broker({ urls: [proxy.through(world.url)], topology: oneQueue });
    await broker.start();
    await waitFor(() => broker.ping(), { what: 'connecting' });
    proxy.hang();
    const unsure = broker.publish(event('unsure')).catch((error: unknown) => error);
    await broker.stop();
    expect(await unsure).toMatchObject({ name: 'PublishError' });
  });
});

test('stopping does not wait for a broker that froze while its topology was being declared', async () => {
  const proxy = await world.proxy();
  // The method frame of `queue.declare`: class 50, method 10.
  const frozen = proxy.freezeBefore(Buffer.from([0, 50, 0, 10]));
  const broker = world.broker({ urls: [proxy.through(world.url)], topology: oneQueue });
  await broker.start();
  await frozen;
  await broker.stop();
  await expect(broker.ping()).rejects.toThrow(/not connected/);
});
