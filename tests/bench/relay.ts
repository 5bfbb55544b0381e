import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { laneQueue, transactionTopology, type TransferCompleted } from '@payfan/contracts';
import { openDatabase, openPresence, type Database } from '@payfan/database';
import { openBroker, type Broker } from '@payfan/messaging';
import { Outbox, type EventBroker, type OutboxEvent, type OutboxRow } from '@payfan/outbox';
import { freshBroker, freshDatabase, startServers, waitFor, type Servers } from '@payfan/stack/testing';
import { BareAmqp } from './bare-amqp.ts';
import { benchTransfer, messageOf } from './bench-transfer.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { overRounds, perSecond, ratios } from './rounds.ts';
import { silentLog } from './silent-log.ts';
import { CHANNELS } from './told.ts';

const MESSAGES = 20_000;
const WARM_UP_MESSAGES = 4_000;
/** Events of one transaction: a group of transfers. */
const BATCH = 100;
/** Unconfirmed messages at most: the outbox's own window, which `insert` keeps to. */
const WINDOW = 2_000;
/** The rows are written before the clock starts, so their leases must last longer than usual. */
const LEASE_SECONDS = 120;
/** Broker and database still write down what the measurement before has left them, and not all wait equally long. */
const SETTLE_MS = 2_000;

/**
 * From the outbox's rows to the broker's confirms, and the rows gone, against a loop that only publishes the
 * same messages to the same queues. `hand-off`: the rows are leased, the events in memory, as after a commit.
 * `sweep`: nobody holds the rows, as after an outage of the broker.
 */
export async function relay({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const servers = await startServers();
  const world = await openWorld(servers);
  try {
    const bare: number[] = [];
    const handedOff: number[] = [];
    const swept: number[] = [];
    await measureAll(world, WARM_UP_MESSAGES);
    for (let round = 1; round <= rounds; round += 1) {
      const rates = await measureAll(world, MESSAGES);
      bare.push(rates.bare);
      handedOff.push(rates.handedOff);
      swept.push(rates.swept);
      say(
        `  round ${round}: bare ${rates.bare.toFixed(0)}, hand-off ${rates.handedOff.toFixed(0)}, sweep ${rates.swept.toFixed(0)} messages/s`,
      );
    }
    const unit = 'messages/s';
    return [
      overRounds({ what: 'bare amqplib, no database', unit }, bare),
      overRounds({ what: 'relay, hand-off', unit }, handedOff),
      overRounds({ what: 'relay, sweep', unit }, swept),
      overRounds({ what: 'hand-off against bare', unit: '×', atLeast: 0.8 }, ratios(handedOff, bare)),
      overRounds({ what: 'sweep against bare', unit: '×', atLeast: 0.8 }, ratios(swept, bare)),
    ];
  } finally {
    await world.close();
    await servers.stop();
  }
}

interface World {
  database: Database;
  admin: Database;
  broker: Broker;
  /** Of the process, which is present: its leases are respected. */
  relayId: string;
  bare: BareAmqp;
  /** As an administrator: a service may not empty queues of other services. */
  brokerAdmin: BareAmqp;
  close(): Promise<void>;
}

async function openWorld({ infrastructure }: Servers): Promise<World> {
  const [fresh, vhost] = await Promise.all([
    freshDatabase(infrastructure),
    freshBroker({ servers: infrastructure, channels: CHANNELS }),
  ]);
  const url = fresh.urlFor('transaction');
  const relayId = randomUUID();
  const name = 'bench';
  const database = openDatabase({ url, name });
  const admin = openDatabase({ url: fresh.adminUrl, name, max: 1 });
  const presence = openPresence({ url, name, id: relayId });
  const topology = transactionTopology(CHANNELS);
  const broker = openBroker({ urls: [vhost.urlFor('transaction')], name, log: silentLog, topology });
  await Promise.all([presence.start(), broker.start()]);
  await waitFor(() => broker.ping(), { what: 'the broker', timeoutMs: 20_000 });
  const bare = await BareAmqp.open(vhost.urlFor('transaction'));
  const brokerAdmin = await BareAmqp.open(vhost.amqpUrl);
  return {
    database,
    admin,
    broker,
    relayId,
    bare,
    brokerAdmin,
    async close() {
      await Promise.all([bare.close(), brokerAdmin.close(), broker.stop(), presence.stop()]);
      await Promise.all([database.stop(), admin.stop()]);
    },
  };
}

/** Each way once, one after the other; messages a second. */
async function measureAll(world: World, count: number) {
  return {
    bare: await measure(world, count, publishBare),
    handedOff: await measure(world, count, handOff),
    swept: await measure(world, count, sweep),
  };
}

/** Prepares, and answers what is to be timed. */
type Way = (world: World, events: TransferCompleted[]) => Promise<() => Promise<void>>;

async function measure(world: World, count: number, way: Way): Promise<number> {
  const events = Array.from({ length: count }, benchTransfer);
  const work = await way(world, events);
  await delay(SETTLE_MS);
  const rate = await perSecond(count, work);
  for (const channel of CHANNELS) {
    const queue = laneQueue(channel, 'interactive');
    const arrived = await world.brokerAdmin.purge(queue);
    if (arrived !== count) throw new Error(`${arrived} messages are in ${queue} instead of ${count}`);
  }
  return rate;
}

function publishBare({ bare }: World, events: TransferCompleted[]): Promise<() => Promise<void>> {
  const messages = events.map(messageOf);
  return Promise.resolve(() => bare.publish(messages, { window: WINDOW }));
}

async function handOff(world: World, events: TransferCompleted[]): Promise<() => Promise<void>> {
  const { database, broker, relayId } = world;
  const outbox = new Outbox({ database, broker, log: silentLog, relayId, leaseSeconds: LEASE_SECONDS });
  const batches = await insert(world, outbox, events);
  // The sweeper runs beside it, as it always does.
  await outbox.start();
  return async () => {
    for (const rows of batches) {
      while (broker.unconfirmed + rows.length > WINDOW) await delay(1);
      outbox.handOff(rows);
    }
    await emptied(outbox, events.length);
    await outbox.stop();
  };
}

async function sweep(world: World, events: TransferCompleted[]): Promise<() => Promise<void>> {
  const { database, broker, relayId } = world;
  const away: EventBroker = { publishable: false, unconfirmed: 0, publish: () => Promise.resolve() };
  await insert(world, new Outbox({ database, broker: away, log: silentLog, relayId }), events);
  const outbox = new Outbox({ database, broker, log: silentLog, relayId });
  return async () => {
    await outbox.start();
    await emptied(outbox, events.length);
    await outbox.stop();
  };
}

/** Writes the events' rows as their transactions would; answers what each is to hand off. */
async function insert({ database, admin }: World, outbox: Outbox, events: TransferCompleted[]) {
  const batches: OutboxRow[][] = [];
  for (let first = 0; first < events.length; first += BATCH) {
    const batch = events.slice(first, first + BATCH).map(outboxEventOf);
    batches.push(await database.transaction((tx) => outbox.insert(tx, batch)));
  }
  // Nobody should inherit the dead rows of an earlier measurement.
  await admin.query({ text: 'vacuum analyze transaction.outbox' });
  return batches;
}

function outboxEventOf(event: TransferCompleted): OutboxEvent {
  const { exchange, routingKey, body } = messageOf(event);
  return { eventId: event.id, exchange, routingKey, body, traceparent: event.traceparent };
}

async function emptied(outbox: Outbox, count: number): Promise<void> {
  const isEmpty = async () => outbox.counters.confirmed === count && (await outbox.state()).waiting === 0;
  await waitFor(isEmpty, { what: 'the outbox being empty', timeoutMs: 120_000, intervalMs: 2 });
}
