import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CHANNEL_CONNECTIONS,
  channelMetrics,
  createChannel,
  formatAmount,
  formatTime,
  systemClock,
  type ChannelDefinition,
} from '@payfan/channel';
import { channelTopology, laneQueue, ROLES } from '@payfan/contracts';
import { openDatabase, openPresence } from '@payfan/database';
import { openBroker, type Broker } from '@payfan/messaging';
import { createLogger, createMetrics } from '@payfan/service';
import { freshBroker, freshDatabase, startServers, waitFor, type Servers } from '@payfan/stack/testing';
import { BareAmqp } from './bare-amqp.ts';
import { benchTransfer, messageOf } from './bench-transfer.ts';
import { bullmq } from './bullmq.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { graphileWorker } from './graphile-worker.ts';
import { startRedis, type Redis } from './redis.ts';
import { overRounds, perSecond, ratios } from './rounds.ts';
import { silentLog } from './silent-log.ts';

const EVENTS = 10_000;
/** Push's `CONCURRENCY`, the channel whose provider, our own feed, answers almost at once … */
const CONCURRENCY = 200;
/** … and that of a provider that takes few at once. */
const LOW_CONCURRENCY = 20;
const SEND_TIMEOUT_MS = 10_000;
/** For filling the queue, which is not measured. */
const WINDOW = 2_000;
/** The broker still writes down what it was given. */
const SETTLE_MS = 1_000;
const NAME = 'phone';
const QUEUE = laneQueue(NAME, 'interactive');

/**
 * Deliveries a second through a whole channel, from a queue that is full: claimed, composed, sent to a
 * provider that answers at once, recorded durably, and their message acknowledged. Beside it what others do
 * without any delivery: a consumer that only acknowledges, and two job queues with jobs that do nothing.
 */
export async function channel({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const redis = await startRedis(say);
  const servers = await startServers();
  const world = await openWorld(servers);
  try {
    // Programs that have just started are slow: a delivery takes twice as long of one that has sent none.
    await measureAll(world, redis, EVENTS);
    const all: Rates[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const rates = await measureAll(world, redis, EVENTS);
      all.push(rates);
      const shown = Object.entries<number>({ ...rates }).map(([name, rate]) => `${name} ${rate.toFixed(0)}`);
      say(`  round ${round}: ${shown.join(', ')} a second`);
    }
    return figures((name) => all.map((rates) => rates[name]));
  } finally {
    await world.close();
    await servers.stop();
    await redis.stop();
  }
}

function figures(of: (name: keyof Rates) => number[]): Figure[] {
  const deliveries = 'deliveries/s';
  const jobs = 'empty jobs/s';
  const durable = 'append-only file synced every second';
  return [
    overRounds({ what: `channel, concurrency ${CONCURRENCY}`, unit: deliveries }, of('ours')),
    overRounds({ what: `channel, concurrency ${LOW_CONCURRENCY}`, unit: deliveries }, of('oursLow')),
    overRounds({ what: 'bare consumer, no database, two a message', unit: deliveries }, of('bare')),
    overRounds({ what: `BullMQ, concurrency ${CONCURRENCY}, ${durable}`, unit: jobs }, of('bullmq')),
    overRounds({ what: `BullMQ, concurrency ${LOW_CONCURRENCY}, ${durable}`, unit: jobs }, of('bullmqLow')),
    overRounds({ what: 'graphile-worker, 24 jobs at once', unit: jobs }, of('graphile')),
    overRounds({ what: 'graphile-worker, the same, batching', unit: jobs }, of('graphileBatching')),
    overRounds(
      { what: `channel against BullMQ, concurrency ${CONCURRENCY}`, unit: '×', atLeast: 1 },
      ratios(of('ours'), of('bullmq')),
    ),
    overRounds(
      { what: `channel against BullMQ, concurrency ${LOW_CONCURRENCY}`, unit: '×' },
      ratios(of('oursLow'), of('bullmqLow')),
    ),
    overRounds({ what: 'channel against graphile-worker', unit: '×' }, ratios(of('ours'), of('graphile'))),
    overRounds(
      { what: 'channel against graphile-worker, batching', unit: '×' },
      ratios(of('ours'), of('graphileBatching')),
    ),
    overRounds({ what: 'channel against the bare consumer', unit: '×' }, ratios(of('ours'), of('bare'))),
  ];
}

/** Of deliveries or jobs, a second. */
interface Rates {
  ours: number;
  bullmq: number;
  graphile: number;
  graphileBatching: number;
  bare: number;
  oursLow: number;
  bullmqLow: number;
}

type World = Awaited<ReturnType<typeof openWorld>>;

async function measureAll(world: World, redis: Redis, events: number): Promise<Rates> {
  const jobs = events * ROLES.length;
  return {
    ours: await measureChannel(world, events, CONCURRENCY),
    bullmq: await bullmq(redis, { jobs, concurrency: CONCURRENCY }),
    graphile: await graphileWorker(world, { jobs, batching: false }),
    graphileBatching: await graphileWorker(world, { jobs, batching: true }),
    bare: await measureBare(world, events),
    oursLow: await measureChannel(world, events, LOW_CONCURRENCY),
    bullmqLow: await bullmq(redis, { jobs, concurrency: LOW_CONCURRENCY }),
  };
}

/** What `runChannel` puts around a channel, without its doors. */
async function openWorld({ infrastructure }: Servers) {
  const [fresh, vhost] = await Promise.all([
    freshDatabase(infrastructure),
    freshBroker({ servers: infrastructure, channels: [NAME] }),
  ]);
  const url = fresh.urlFor(NAME);
  const claimantId = randomUUID();
  const database = openDatabase({ url, name: 'channel', max: CHANNEL_CONNECTIONS });
  const admin = openDatabase({ url: fresh.adminUrl, name: 'bench', max: 1 });
  const presence = openPresence({ url, name: NAME, id: claimantId });
  const topology = channelTopology(NAME);
  const broker = openBroker({ urls: [vhost.urlFor(NAME)], name: NAME, log: silentLog, topology });
  await Promise.all([presence.start(), broker.start()]);
  await waitFor(() => broker.ping(), { what: 'the broker', timeoutMs: 20_000 });
  const bare = await BareAmqp.open(vhost.urlFor(NAME));
  const publisher = await BareAmqp.open(vhost.urlFor('transaction'));
  return {
    url: fresh.adminUrl,
    database,
    admin,
    broker,
    claimantId,
    bare,
    publisher,
    // Lines are made, as in production, and then go nowhere.
    logger: createLogger({ service: NAME, level: 'info', destination: { write: () => undefined } }),
    metrics: channelMetrics(createMetrics(NAME)),
    async close() {
      await Promise.all([bare.close(), publisher.close(), broker.stop(), presence.stop()]);
      await Promise.all([database.stop(), admin.stop()]);
    },
  };
}

async function measureChannel(world: World, events: number, concurrency: number): Promise<number> {
  const { database, admin, broker, claimantId, logger, metrics } = world;
  await admin.query({ text: `truncate ${NAME}.deliveries` });
  await fill(world, events);
  const handled = new Countdown(events);
  const part = createChannel({
    definition,
    database,
    broker: countingBroker(broker, handled),
    logger,
    metrics,
    claimantId,
    concurrency,
    bulkShare: 1,
    sendTimeoutMs: SEND_TIMEOUT_MS,
    random: Math.random,
    clock: systemClock,
    giveUpAfterMs: 24 * 3_600_000,
  });
  const deliveries = events * ROLES.length;
  const rate = await perSecond(deliveries, async () => {
    await part.start();
    await handled.reached;
  });
  await part.stop();
  const [row] = await admin.query<{ sent: number }>({
    text: `select count(*) as sent from ${NAME}.deliveries where status = 'sent'`,
  });
  if (row?.sent !== deliveries) throw new Error(`${row?.sent} deliveries were sent instead of ${deliveries}`);
  return rate;
}

async function measureBare(world: World, events: number): Promise<number> {
  await fill(world, events);
  const prefetch = Math.floor(CONCURRENCY / ROLES.length);
  return perSecond(events * ROLES.length, () => world.bare.consume(QUEUE, { count: events, prefetch }));
}

/** An alert such as a channel composes, to somebody who takes it at once. */
const definition: ChannelDefinition<string> = {
  name: NAME,
  address: ({ party }) => party.phone,
  compose({ type, data }, { role }) {
    if (type === 'payfan.payout.completed.v1') return { kind: 'impossible', reason: 'no payout is measured' };
    const amount = formatAmount(data.amount, data.currency);
    const other = role === 'payer' ? `paid to ${data.payee.name}` : `received from ${data.payer.name}`;
    return { kind: 'message', message: `${amount} ${other} on ${formatTime(data.createdAt)}` };
  },
  openProviders: () => [
    { name: 'instant', send: (_message, { reference }) => Promise.resolve({ kind: 'sent', reference }) },
  ],
};

/** Puts so many transfers into the queue, and nothing else. */
async function fill({ bare, publisher }: World, count: number): Promise<void> {
  // An acknowledgement that the broker was still at when its channel closed leaves the message where it was.
  await bare.purge(QUEUE);
  const messages = Array.from({ length: count }, () => messageOf(benchTransfer()));
  await publisher.publish(messages, { window: WINDOW });
  await delay(SETTLE_MS);
}

/** Tells when messages are done with: all that is left then is their acknowledgement. */
function countingBroker(broker: Broker, handled: Countdown): Pick<Broker, 'publish' | 'consume'> {
  return {
    publish: (message) => broker.publish(message),
    consume: ({ handler, ...options }) =>
      broker.consume({
        ...options,
        handler: (message, stopping) => handler(message, stopping).then(() => handled.one()),
      }),
  };
}

class Countdown {
  readonly reached: Promise<void>;
  #left: number;
  #resolve: () => void = () => undefined;

  constructor(count: number) {
    this.#left = count;
    this.reached = new Promise((resolve) => (this.#resolve = resolve));
  }

  one(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }
}
