import type { Topology } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { until } from './testing/consuming.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** The promise is 10 s; the rest is for slow machines. */
const NOTICED_WITHIN_MS = 20_000;

const topology: Topology = {
  exchanges: [
    { name: 'events', type: 'topic' },
    { name: 'news', type: 'direct' },
  ],
  queues: [{ name: 'inbox', arguments: { 'x-queue-type': 'quorum' } }],
  bindings: [{ exchange: 'events', queue: 'inbox', routingKey: '#' }],
};
const event = (messageId: string) => ({
  exchange: 'events',
  routingKey: 'a.b',
  messageId,
  contentType: 'text/plain',
  body: Buffer.from(messageId),
});

test.each([
  ['with the usual heartbeats', ''],
  ['also where the URL switches heartbeats off', '?heartbeat=0'],
])('a broker that goes silent counts as away within 10 s, %s', async (_title, query) => {
  const proxy = await world.proxy();
  const broker = world.broker({ urls: [`${proxy.through(world.url)}${query}`], topology });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  proxy.hang();
  const silentSinceMs = performance.now();
  // What the broker has not confirmed is refused by then too, so its publisher can send it again.
  await expect(broker.publish(event('unanswered'))).rejects.toThrow('message not published');
  await until('both connections being given up', () => world.log.saying('connection lost').length === 2);
  expect(performance.now() - silentSinceMs).toBeLessThan(NOTICED_WITHIN_MS);
  await expect(broker.ping()).rejects.toThrow('not connected');
  await proxy.forward();
  await waitFor(() => broker.ping(), { what: 'connecting again' });
});

test('calls to a silent broker end, and what they asked for is done when the broker is back', async () => {
  const proxy = await world.proxy();
  const broker = world.broker({ urls: [`${proxy.through(world.url)}?heartbeat=1`], topology });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  const heard: string[] = [];
  const subscription = broker.subscribe({
    exchange: 'news',
    onMessage: ({ routingKey }) => heard.push(routingKey),
    onRestored: () => undefined,
  });
  world.onClose(() => subscription.stop());
  await subscription.start();
  await subscription.bind('old');

  proxy.hang();
  const seen: string[] = [];
  const consumer = broker.consume({
    queue: 'inbox',
    prefetch: 1,
    handler: ({ body }) => Promise.resolve(void seen.push(body.toString())),
  });
  world.onClose(() => consumer.stop());
  const bound = subscription.bind('new');
  const asked = [broker.publish(event('unanswered')), consumer.start(), subscription.unbind('old')];
  const outcomes = (await Promise.allSettled(asked)).map(({ status }) => status);
  expect(outcomes).toEqual(['rejected', 'fulfilled', 'fulfilled']);

  await proxy.forward();
  await bound;
  await waitFor(() => broker.publish(event('again')), { what: 'publishing again' });
  await broker.publish({ ...event('heard'), exchange: 'news', routingKey: 'new' });
  await until('both messages', () => seen.includes('again') && heard.includes('new'));
  expect(heard).toEqual(['new']);
});

test('a program stops although its broker is silent', async () => {
  const proxy = await world.proxy();
  const broker = world.broker({ urls: [proxy.through(world.url)], topology });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  const consumer = broker.consume({ queue: 'inbox', prefetch: 1, handler: () => Promise.resolve() });
  await consumer.start();
  proxy.hang();
  await consumer.stop();
  await broker.stop();
});
