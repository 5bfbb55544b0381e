import {
  LIVE_EXCHANGE,
  LIVE_HEADERS,
  LIVE_TOPICS_EXCHANGE,
  liveMessageOf,
  shardOf,
  type LiveEvent,
} from '@payfan/contracts';
import { openBroker, type Outgoing } from '@payfan/messaging';
import { RecordingLog } from '@payfan/messaging/testing';
import { newId } from '@payfan/service';
import { waitFor } from '@payfan/stack/testing';
import { TestClients } from './testing/client.ts';
import { counted } from './testing/metrics.ts';
import { World } from './testing/world.ts';

let world: World;
let ravi: string;
/** A public topic on the shard of Ravi's account, so that the gateway's queues get messages of either. */
let neighbour: string;
const clients = new TestClients();

beforeAll(async () => {
  world = await World.start();
  ravi = await world.topic('demo_ravi');
  let n = 0;
  while (shardOf(`public.n${n}`) !== shardOf(ravi)) n += 1;
  neighbour = `public.n${n}`;
});
afterEach(() => clients.close());
afterAll(() => world.stop());

/** Publishes as a service, with the rights that it has. */
async function publishAs(service: string, message: Outgoing): Promise<void> {
  const broker = openBroker({
    urls: [world.payfan.vhost.urlFor(service)],
    name: 'test',
    log: new RecordingLog(),
    topology: { exchanges: [], queues: [], bindings: [] },
  });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'the broker' });
  try {
    await broker.publish(message);
  } finally {
    await broker.stop();
  }
}
const eventOn = (topic: string, seq?: number): LiveEvent => ({
  ...{ t: 'event', topic, id: newId(), type: 'transfer.credited', data: { amount: 1 } },
  ...(seq === undefined ? {} : { seq }),
  time: new Date().toISOString(),
});
const misplaced = () => counted(world.url, 'gateway_live_messages_total', { what: 'misplaced' });

test.each(['payout', 'gateway', 'email', 'transaction'])(
  '%s cannot publish what an account sees: the broker refuses it',
  async (service) => {
    const message = liveMessageOf(eventOn(ravi, 1));
    expect(message.exchange).toBe(LIVE_EXCHANGE);
    await expect(publishAs(service, message)).rejects.toMatchObject({
      kind: 'refused',
      message: expect.stringContaining(`payfan_${service} the right to write to exchange 'live'`) as string,
    });
  },
);

test.each([
  ['payout', LIVE_TOPICS_EXCHANGE],
  ['gateway', LIVE_TOPICS_EXCHANGE],
  ['push', LIVE_EXCHANGE],
])('what %s publishes by %s on a topic that does not belong there is dropped', async (service, exchange) => {
  const forged = exchange === LIVE_EXCHANGE ? neighbour : ravi;
  const client = await clients.connect(world.url, { key: 'demo_ravi' });
  const { seq: head = 0 } = await client.ask({ t: 'subscribe', topic: ravi });
  await client.ask({ t: 'subscribe', topic: neighbour });
  const before = await misplaced();
  const event = eventOn(forged, exchange === LIVE_EXCHANGE ? undefined : head + 1);
  const message = liveMessageOf(event);
  expect(message.headers[LIVE_HEADERS.topic]).toBe(forged);
  await publishAs(service, { ...message, exchange });
  await waitFor(async () => (await misplaced()) === before + 1, { what: 'the drop' });
  expect(world.payfan.program('gateway').output()).toContain('their topic does not belong to the exchange');
  // The genuine event takes the number that the forged one wanted.
  await world.pay(1);
  expect(await client.numbers(1)).toEqual([head + 1]);
  expect(client.events.map(({ id }) => id)).not.toContain(event.id);
});
