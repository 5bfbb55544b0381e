import { waitFor } from '@payfan/stack/testing';
import type { Topology } from '@payfan/contracts';
import type { Broker } from './broker.ts';
import { Publisher, type Outgoing, type PublishError } from './publisher.ts';
import { noTopology } from './testing/consuming.ts';
import { BLOCKED, UNBLOCKED } from './testing/frames.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const topology: Topology = {
  exchanges: [{ name: 'events', type: 'topic' }],
  queues: [{ name: 'inbox', arguments: { 'x-queue-type': 'quorum' } }],
  bindings: [{ exchange: 'events', queue: 'inbox', routingKey: 'known.*' }],
};
const event = (messageId: string, over: Partial<Outgoing> = {}): Outgoing => ({
  exchange: 'events',
  routingKey: 'known.event',
  messageId,
  contentType: 'application/cloudevents+json',
  body: Buffer.from(messageId),
  ...over,
});

async function connected(urls = [world.url]): Promise<Broker> {
  const broker = world.broker({ urls, topology });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  return broker;
}

test('what publish() has confirmed lies in the queue, persistent, with its id, type and headers', async () => {
  const broker = await connected();
  await broker.publish(event('e-1', { headers: { 'x-attempt': 2, traceparent: '00-a-b-01' } }));
  const stored = await world.eye.get('inbox', { noAck: true });
  expect(stored).toMatchObject({
    fields: { exchange: 'events', routingKey: 'known.event' },
    properties: {
      messageId: 'e-1',
      contentType: 'application/cloudevents+json',
      deliveryMode: 2,
      headers: { 'x-attempt': 2, traceparent: '00-a-b-01' },
    },
    content: Buffer.from('e-1'),
  });
  expect(broker.unconfirmed).toBe(0);
});

test('a transient message is not written to a disk, and none that nobody wants is an error', async () => {
  const broker = await connected();
  await broker.publish(event('e-1', { transient: true }));
  expect(await world.eye.get('inbox', { noAck: true })).toMatchObject({
    properties: { messageId: 'e-1', deliveryMode: 1 },
  });
  await broker.publish(event('unwanted', { transient: true, routingKey: 'unknown.event' }));
  await broker.publish(event('e-2'));
  expect(broker.publishable).toBe(true);
});

test('a thousand at once are all confirmed, each stored once', async () => {
  const broker = await connected();
  const ids = Array.from({ length: 1_000 }, (_, index) => `e-${index}`);
  const published = Promise.all(ids.map((id) => broker.publish(event(id))));
  expect(broker.unconfirmed).toBe(1_000);
  await published;
  const stored = await world.admin.take('inbox', 2_000);
  expect(stored.map(({ messageId }) => messageId).sort()).toEqual(ids.sort());
});

test('after a refusal the next messages leave by a new channel, because the old one may refuse them all', async () => {
  const broker = await connected();
  await world.eye.assertQueue('full', {
    arguments: { 'x-queue-type': 'quorum', 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  });
  await world.eye.bindQueue('full', 'events', 'full.event');
  const refused = async () => {
    const [failure] = await Promise.allSettled([
      broker.publish(event(`f-${Math.random()}`, { routingKey: 'full.event' })),
    ]);
    return failure.status === 'rejected' && (failure.reason as PublishError).kind === 'nacked';
  };
  await waitFor(refused, { what: 'a refusal' });
  await waitFor(() => Promise.resolve(world.log.saying('opening a new publishing channel').length > 0), {
    what: 'a new channel',
  });
  await waitFor(() => Promise.resolve(broker.publishable), { what: 'the new channel being open' });
  await broker.publish(event('e-1'));
  expect(await world.messagesIn('inbox')).toBe(1);
});

test('an event that no queue is bound for is an error, and none to its neighbours', async () => {
  const broker = await connected();
  const outcomes = await Promise.allSettled([
    broker.publish(event('e-1')),
    broker.publish(event('lost', { routingKey: 'unknown.event' })),
    broker.publish(event('e-2')),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(outcomes[1]).toMatchObject({
    reason: { name: 'PublishError', kind: 'returned', message: expect.stringContaining('unknown.event') },
  });
});

test('an exchange that nobody declares is an error like a missing queue, and costs the next publish nothing', async () => {
  const broker = await connected();
  const [lost, neighbour] = await Promise.allSettled([
    broker.publish(event('lost', { exchange: 'nowhere' })),
    broker.publish(event('neighbour')),
  ]);
  expect(lost).toMatchObject({ reason: { kind: 'returned', message: expect.stringContaining('nowhere') } });
  // It shared the channel, which the broker has closed.
  expect(neighbour).toMatchObject({ reason: { kind: 'disconnected' } });
  await waitFor(() => broker.publish(event('e-1')), { what: 'a new channel' });
  expect((await world.admin.take('inbox')).at(-1)).toMatchObject({ messageId: 'e-1' });
});

test('one id is under way once at a time', async () => {
  const broker = await connected();
  const first = broker.publish(event('e-1'));
  await expect(broker.publish(event('e-1'))).rejects.toThrow('already under way');
  await first;
  await broker.publish(event('e-1'));
});

test('a connection that breaks fails what was unconfirmed at once, and sends none of it later', async () => {
  const proxy = await world.proxy();
  const broker = await connected([proxy.through(world.url)]);
  proxy.hang();
  const unsure = Array.from({ length: 10 }, (_, index) => broker.publish(event(`unsure-${index}`)));
  proxy.cut();
  for (const { reason } of (await Promise.allSettled(unsure)) as PromiseRejectedResult[]) {
    expect(reason).toMatchObject({ name: 'PublishError', kind: 'disconnected' });
  }
  expect(broker.unconfirmed).toBe(0);
  await proxy.forward();
  await waitFor(() => broker.publish(event('after')), { what: 'publishing again' });
  expect(await world.admin.take('inbox')).toMatchObject([{ messageId: 'after' }]);
});

describe('confirms that never come', () => {
  test('time out, and a new channel takes the next ones, under the same ids too', async () => {
    const proxy = await world.proxy();
    const connection = world.connection({ urls: [proxy.through(world.url)] });
    const publisher = new Publisher({
      connection,
      topology: noTopology,
      log: world.log,
      confirmTimeoutMs: 300,
    });
    world.onClose(() => publisher.stop());
    await world.queueOf('plain');
    await waitFor(() => Promise.resolve(publisher.hindrance === undefined), { what: 'connecting' });
    const toPlain = { exchange: '', routingKey: 'plain' };

    proxy.holdAnswers();
    const [one, two] = [publisher.publish(event('e-1', toPlain)), publisher.publish(event('e-2', toPlain))];
    await expect(one).rejects.toMatchObject({ name: 'PublishError', kind: 'timeout' });
    await expect(two).rejects.toMatchObject({ kind: 'timeout' });
    expect(publisher.unconfirmed).toBe(0);
    // Nothing is sent into the void: there is no channel until the broker answers again.
    await expect(publisher.publish(event('e-3', toPlain))).rejects.toMatchObject({ kind: 'disconnected' });

    await proxy.forward();
    await waitFor(() => publisher.publish(event('e-1', toPlain)), { what: 'publishing again' });
    // A time-out says “perhaps stored”: here it was, so the first id is there twice.
    const stored = await world.admin.take('plain');
    expect(stored.map(({ messageId }) => messageId)).toEqual(['e-1', 'e-2', 'e-1']);
    expect(world.log.saying('confirms are overdue')).toHaveLength(1);
  });
});

describe('a broker that is short of memory', () => {
  test('is given nothing until it says that it is better', async () => {
    const proxy = await world.proxy();
    const broker = await connected([proxy.through(world.url)]);
    proxy.say(BLOCKED);
    await waitFor(() => Promise.resolve(!broker.publishable), { what: 'being blocked' });
    await expect(broker.publish(event('e-1'))).rejects.toMatchObject({ kind: 'blocked' });
    await expect(broker.ping()).rejects.toThrow('low memory');

    proxy.say(UNBLOCKED);
    await waitFor(() => broker.ping(), { what: 'being taken from again' });
    await broker.publish(event('e-2'));
    expect(await world.admin.take('inbox')).toMatchObject([{ messageId: 'e-2' }]);
  });

  test('that is reconnected to is no longer thought blocked', async () => {
    const proxy = await world.proxy();
    const broker = await connected([proxy.through(world.url)]);
    proxy.say(BLOCKED);
    await waitFor(() => Promise.resolve(!broker.publishable), { what: 'being blocked' });
    proxy.cut();
    await waitFor(() => broker.publish(event('e-1')), { what: 'publishing again' });
  });
});

test('stop() waits for the confirms under way, and nothing is taken after it', async () => {
  const broker = await connected();
  const published = Array.from({ length: 200 }, (_, index) => broker.publish(event(`e-${index}`)));
  await broker.stop();
  expect((await Promise.allSettled(published)).filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(await world.admin.take('inbox')).toHaveLength(200);
  await expect(broker.publish(event('late'))).rejects.toMatchObject({ kind: 'disconnected' });
});
