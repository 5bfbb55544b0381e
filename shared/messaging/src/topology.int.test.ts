import {
  deadQueue,
  delayExchange,
  DELIVERY_LIMIT,
  laneQueue,
  paymentsTopology,
  RETRY_STEPS,
  retryRoutingKey,
} from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { openWorld, type World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const CHANNELS = ['push', 'phone', 'email'];

async function declared(topology = paymentsTopology(CHANNELS)) {
  const broker = world.broker({ topology });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'declaring the topology' });
  return broker;
}
const message = (messageId: string, exchange: string, routingKey: string) => ({
  exchange,
  routingKey,
  messageId,
  contentType: 'text/plain',
  body: Buffer.from(messageId),
});

test('this broker takes our topology, and takes it again unchanged', async () => {
  await declared();
  await declared();
  expect(world.log.saying('not reachable')).toEqual([]);
  for (const { name } of paymentsTopology(CHANNELS).queues) {
    expect(await world.eye.checkQueue(name)).toMatchObject({ messageCount: 0 });
  }
});

test('an event goes to its lane’s queue on every channel, and to no other', async () => {
  const broker = await declared();
  await broker.publish(message('one', 'payments', 'transfer.completed.interactive'));
  await broker.publish(message('many', 'payments', 'transfer.completed.bulk'));
  for (const channel of CHANNELS) {
    expect(await world.admin.take(laneQueue(channel, 'interactive'))).toMatchObject([{ messageId: 'one' }]);
    expect(await world.admin.take(laneQueue(channel, 'bulk'))).toMatchObject([{ messageId: 'many' }]);
  }
});

test.each(RETRY_STEPS)(
  'a delivery to be tried again after $name waits in the queue of that delay',
  async (step) => {
    const broker = await declared(paymentsTopology(['email']));
    await broker.publish(message('again', delayExchange('email'), retryRoutingKey(step, 'bulk')));
    expect(await world.admin.take(`email.retry.${step.name}`)).toMatchObject([{ messageId: 'again' }]);
  },
);

test('a delivery comes back after its delay, to the lane that it came from and to its own channel', async () => {
  const broker = await declared();
  const [step] = RETRY_STEPS;
  const from = performance.now();
  await Promise.all([
    broker.publish(message('a person', delayExchange('email'), retryRoutingKey(step, 'interactive'))),
    broker.publish(message('a payout', delayExchange('email'), retryRoutingKey(step, 'bulk'))),
  ]);
  const back = async (queue: string) => (await world.messagesIn(queue)) === 1;
  await waitFor(() => back(laneQueue('email', 'interactive')), { what: 'coming back' });
  await waitFor(() => back(laneQueue('email', 'bulk')), { what: 'coming back' });
  // Not a matter of speed: coming back early would be no delay.
  expect(performance.now() - from).toBeGreaterThanOrEqual(step.delayMs);
  expect(await world.admin.take(laneQueue('email', 'interactive'))).toMatchObject([
    { messageId: 'a person' },
  ]);
  expect(await world.admin.take(laneQueue('email', 'bulk'))).toMatchObject([{ messageId: 'a payout' }]);
  for (const channel of ['push', 'phone']) {
    expect(await world.admin.take(laneQueue(channel, 'interactive'))).toEqual([]);
    expect(await world.admin.take(laneQueue(channel, 'bulk'))).toEqual([]);
  }
});

test('a message that kills whoever takes it ends in the dead queue, and is not dropped', async () => {
  const broker = await declared(paymentsTopology(['email']));
  const lane = laneQueue('email', 'interactive');
  await broker.publish(message('poison', 'payments', 'transfer.completed.interactive'));
  let deaths = 0;
  await waitFor(
    async () => {
      const taken = await world.eye.get(lane);
      if (taken === false) return (await world.messagesIn(deadQueue('email'))) === 1;
      deaths += 1;
      world.eye.reject(taken, true);
      return false;
    },
    { what: 'being given up on' },
  );
  expect(deaths).toBe(DELIVERY_LIMIT + 1);
  expect(await world.admin.take(deadQueue('email'))).toMatchObject([{ messageId: 'poison' }]);
});
