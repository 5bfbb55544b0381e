import { randomUUID } from 'node:crypto';
import { channelTopology, type TransferCompleted } from '@payfan/contracts';
import { openPresence } from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import { createLogger } from '@payfan/service';
import { waitFor, startTcpProxy } from '@payfan/stack/testing';
import { someTransfer } from './contract.ts';
import { setUp } from './testing/bench.ts';
import { PliableWorld } from './testing/pliable-world.ts';

/** Three hours pass in 15 seconds, and the 24 hours after which an alert is given up in two minutes. */
const SPEED = 720;
const HOUR_MS = 3_600_000;

const world = new PliableWorld();
let bench: Awaited<ReturnType<typeof setUp>>;

beforeEach(async () => {
  world.told.splice(0);
  bench = await setUp(world.subject(), { speed: SPEED });
});
afterEach(() => bench.close());

const eventually = (what: string, condition: () => Promise<boolean>) => waitFor(condition, { what });

const pausedSeconds = async () => {
  const sample = /^lane_paused_seconds\{.*lane="interactive".*\} (.+)$/m.exec(await bench.metricsText());
  return Number(sample?.[1] ?? 0);
};

/** The bench's clock, as events have it. */
const anEvent = () => ({ ...someTransfer(), time: new Date(bench.clock.wallClockMs()).toISOString() });

async function publish(events: readonly TransferCompleted[]): Promise<void> {
  for (const event of events) await bench.publish(event);
}

const sides = (event: TransferCompleted) => [`${event.id}.payee`, `${event.id}.payer`];
const allSent = (events: readonly TransferCompleted[]) => async () =>
  (await bench.deliveriesOf(...events)).filter(({ status }) => status === 'sent').length ===
  2 * events.length;
const timelinesOf = (events: readonly TransferCompleted[]) =>
  bench.database.query<{ attempts: number; paused_seconds: number }>({
    text: 'select attempts, paused_seconds from deliveries where event_id = any($1::uuid[])',
    values: [events.map(({ id }) => id)],
  });

test('an outage of three hours leaves no dead letter, each alert is sent once after it, and the timeline says why', async () => {
  world.answer = () => ({ kind: 'failed', error: '451 away' });
  const before = Array.from({ length: 100 }, anEvent);
  await publish(before);
  await eventually('the pause', async () => (await pausedSeconds()) > 0);
  const during = Array.from({ length: 100 }, anEvent);
  await publish(during);
  await eventually('three hours of it', async () => (await pausedSeconds()) >= (3 * HOUR_MS) / 1_000);
  // Of the messages that came in the pause, only those that tested were attempted.
  const attempted = new Set((await bench.deliveriesOf(...during)).map(({ status }) => status));
  expect([...attempted].filter((status) => status !== 'retrying' && status !== 'sending')).toEqual([]);
  world.answer = () => ({ kind: 'sent', reference: 'theirs' });
  const events = [...before, ...during];
  await eventually('all alerts being sent', allSent(events));
  expect([...world.told].sort()).toEqual(events.flatMap(sides).sort());
  expect(await bench.deadLetters('exhausted')).toEqual([]);
  expect(await bench.deadLetters('delivery_limit')).toEqual([]);
  expect(await pausedSeconds()).toBe(0);
  const timelines = await timelinesOf(during);
  expect(Math.min(...timelines.map(({ paused_seconds }) => paused_seconds))).toBeGreaterThan(2 * 3_600);
  // Each waited; those few that tested the provider say so by their attempts.
  expect(timelines.filter(({ attempts }) => attempts === 1).length).toBeGreaterThan(timelines.length / 2);
});

test('a process that loses the broker in a pause leaves its messages to another, which sends each alert once', async () => {
  await bench.channel.stop();
  const proxy = await startTcpProxy(bench.amqpUrl);
  const broker = openBroker({
    urls: [proxy.through(bench.amqpUrl)],
    name: 'cut off',
    log: createLogger({ service: 'phone', level: 'silent' }),
    topology: channelTopology('phone'),
  });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'the broker' });
  world.answer = () => ({ kind: 'failed', error: '451 away' });
  // The process lives on, so what it is sending must not be sent by the other one.
  const claimantId = randomUUID();
  const presence = openPresence({ url: bench.databaseUrl, name: 'cut off', id: claimantId });
  await presence.start();
  const cutOff = bench.openChannel(broker, claimantId);
  await cutOff.start();
  const events = Array.from({ length: 60 }, anEvent);
  await publish(events);
  await eventually('the pause', async () => (await pausedSeconds()) > 0);
  await proxy.refuse();
  bench.channel = bench.openChannel();
  await bench.channel.start();
  world.answer = () => ({ kind: 'sent', reference: 'theirs' });
  await eventually('all alerts being sent', allSent(events));
  expect([...world.told].sort()).toEqual(events.flatMap(sides).sort());
  expect(await bench.deadLetters('exhausted')).toEqual([]);
  await cutOff.stop();
  await presence.stop();
  await broker.stop();
  await proxy.stop();
});

test('stopping in a pause gives the messages back, and does not wait for a provider', async () => {
  world.answer = () => ({ kind: 'failed', error: '535 refused', refusesUs: true });
  const events = Array.from({ length: 20 }, anEvent);
  await publish(events);
  await eventually('the pause', async () => (await pausedSeconds()) > 0);
  await bench.channel.stop();
  world.answer = () => ({ kind: 'sent', reference: 'theirs' });
  bench.channel = bench.openChannel();
  await bench.channel.start();
  await eventually('all alerts being sent', allSent(events));
  expect([...world.told].sort()).toEqual(events.flatMap(sides).sort());
});
