import { randomUUID } from 'node:crypto';
import {
  CLOUDEVENTS_JSON,
  DEAD_ROUTING_KEY,
  PAYMENTS_EXCHANGE,
  paymentRoutingKey,
  publisherOf,
  retryExchange,
  type Party,
  type PaymentEvent,
  type ReplayResult,
  type Role,
  type Topology,
  type TransferCompleted,
} from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { openBroker, type Broker } from '@payfan/messaging';
import { BrokerAdmin } from '@payfan/messaging/testing';
import { createLogger, createMetrics, type Part } from '@payfan/service';
import { freshBroker, freshDatabase, waitFor } from '@payfan/stack/testing';
import { createChannel, type ChannelOptions } from '../channel.ts';
import { systemClock, type Clock } from '../clock.ts';
import { CHANNEL_CONNECTIONS } from '../config.ts';
import { channelMetrics } from '../metrics.ts';
import type { ChannelDefinition } from '../provider.ts';
import { replayDeadLetters } from '../replay.ts';
import { topologyOf } from '../topology-of.ts';

/** An alert as the person received it. */
export interface Arrived {
  /** Where it went: in the form of the channel's `address`. */
  to: string;
  /** All that the person reads. */
  text: string;
}

/** The world beyond the channel's provider, as the suite sees and steers it. */
export interface World {
  /** Everything that arrived, a message that arrived twice being there twice. */
  arrived(): Promise<Arrived[]>;
  /**
   * From now on: all is `well`; messages `fail` for the moment; are accepted but the answer `hangs`; or are
   * refused for good to one address. Never called where the provider is our own.
   */
  behave(how: 'well' | 'fails' | 'hangs' | { rejects: string }): Promise<void>;
  /** Whether the provider can be asked about a reference, so that not even an unknown outcome doubles. */
  knowsReferences: boolean;
  close(): Promise<void>;
}

export interface ChannelSubject<Message> {
  /** The channel's name, which is also that of its schema. */
  name: string;
  /** Whether messages leave the company, for a world that can fail, hang and refuse. */
  provider: 'outside' | 'ours';
  /** Whether an alert shows the note of a transfer. */
  showsNotes: boolean;
  openWorld(around: {
    database: Database;
  }): Promise<{ definition: ChannelDefinition<Message>; world: World }>;
}

/**
 * Shorter than anybody would set it, so that an answer that never comes is missed soon, and longer than a busy
 * machine takes for one: a mail that was only slow would be sent again.
 */
export const SEND_TIMEOUT_MS = 2_000;

interface SeenDelivery {
  role: string;
  status: string;
  attempts: number;
  error: string | null;
  reference: string | null;
  uncertain: boolean;
}

interface SeenLetter {
  role: string | null;
  reason: string;
  error: string;
  attempts: number;
  body: Buffer;
}

export type Bench = Awaited<ReturnType<typeof setUp>>;

/** How many times faster than real time the waits of the channel pass; its timeouts do not. */
interface BenchOptions {
  speed?: number;
}

/** A database, a broker, a world, and the channel between them. */
export async function setUp<Message>(subject: ChannelSubject<Message>, { speed = 1 }: BenchOptions = {}) {
  const { name } = subject;
  const [fresh, vhost] = await Promise.all([freshDatabase(), freshBroker({ channels: [name] })]);
  const logger = createLogger({ service: name, level: 'silent' });
  const database = openDatabase({ url: fresh.urlFor(name), name, max: CHANNEL_CONNECTIONS });
  const { definition, world } = await subject.openWorld({ database });
  const brokerAs = async (service: string, topology: Topology): Promise<Broker> => {
    const opened = openBroker({ urls: [vhost.urlFor(service)], name: 'contract', log: logger, topology });
    await opened.start();
    await waitFor(() => opened.ping(), { what: 'the broker' });
    return opened;
  };
  const nothing: Topology = { exchanges: [], queues: [], bindings: [] };
  const broker = await brokerAs(name, topologyOf(definition));
  const publishers = {
    transaction: await brokerAs('transaction', nothing),
    payout: await brokerAs('payout', nothing),
  };

  let handled = 0;
  const counting: ChannelOptions<Message>['broker'] = {
    publish: ({ expiresAfterMs, ...message }) =>
      broker.publish({
        ...message,
        ...(expiresAfterMs !== undefined && { expiresAfterMs: Math.ceil(expiresAfterMs / speed) }),
      }),
    consume: ({ handler, ...options }) =>
      broker.consume({
        ...options,
        async handler(message, stopping) {
          await handler(message, stopping);
          handled += 1;
        },
      }),
  };
  const clock = speed === 1 ? systemClock : fastClock(speed);
  const registry = createMetrics(name);
  const channelsMetrics = channelMetrics(registry, clock);
  /** @param claimantId another channel frees its claims at once, unless a presence with this id is open */
  const openChannel = (
    consuming: Pick<Broker, 'consume'> = counting,
    claimantId: string = randomUUID(),
  ): Part => {
    const options: ChannelOptions<Message> = {
      definition,
      database,
      broker: { publish: counting.publish, consume: (wanted) => consuming.consume(wanted) },
      logger,
      metrics: channelsMetrics,
      claimantId,
      concurrency: 20,
      bulkShare: 1,
      sendTimeoutMs: SEND_TIMEOUT_MS,
      random: Math.random,
      clock,
      giveUpAfterMs: 24 * 3_600_000,
    };
    return createChannel(options);
  };

  const metrics = channelMetrics(createMetrics(name));
  const bench = {
    name,
    world,
    database,
    broker,
    amqpUrl: vhost.urlFor(name),
    databaseUrl: fresh.urlFor(name),
    admin: new BrokerAdmin(vhost),
    channel: openChannel(),
    openChannel,
    clock,
    /** What the channels of this bench show on `/metrics`. */
    metricsText: () => registry.metrics(),
    addressOf: (event: PaymentEvent, role: Role) => definition.address({ role, party: partyOf(event, role) }),
    /** How often each address was told of this event; the id of what it tells of is in every text. */
    async toldOf({ subject }: PaymentEvent): Promise<Record<string, number>> {
      const told: Record<string, number> = {};
      for (const { to, text } of await world.arrived()) {
        if (text.includes(subject.slice(-12))) told[to] = (told[to] ?? 0) + 1;
      }
      return told;
    },
    publish: (event: PaymentEvent) =>
      publish(publishers[publisherOf(event)], paymentRoutingKey(event), bodyOf(event)),
    publishRaw: (body: Buffer) => publish(publishers.transaction, 'transfer.completed.interactive', body),
    /** Publishes an event as a service that publishes events of the other kind only. */
    async publishAsOther(event: PaymentEvent) {
      const other = publisherOf(event) === 'payout' ? 'transaction' : 'payout';
      const key = other === 'payout' ? 'payout.completed.interactive' : 'transfer.completed.interactive';
      await publish(publishers[other], key, bodyOf(event));
    },
    /** As the broker does with a message on which consumers died again and again. */
    giveUp: (event: PaymentEvent) => publish(broker, DEAD_ROUTING_KEY, bodyOf(event), retryExchange(name)),
    /** Replays what is dead of one event. */
    replay: (event: PaymentEvent): Promise<ReplayResult> =>
      replayDeadLetters(
        { channel: name, database, broker, logger, metrics, nowMs: () => performance.now() },
        {
          selection: { filter: { q: event.id, state: 'open' } },
          dryRun: false,
          limit: 10,
          ratePerSecond: 1_000,
          by: 'operator',
        },
      ),
    /** Messages acknowledged so far. */
    handled: () => handled,
    deliveriesOf: (...events: PaymentEvent[]) =>
      database.query<SeenDelivery>({
        text: `select role, status, attempts, error, reference, uncertain from deliveries
               where event_id = any($1::uuid[]) order by role desc`,
        values: [events.map(({ id }) => id)],
      }),
    deadLetters: (reason: string) =>
      database.query<SeenLetter>({
        text: 'select role, reason, error, attempts, body from dead_letters where reason = $1',
        values: [reason],
      }),
    deadLettersOf: (event: PaymentEvent) =>
      database.query<SeenLetter>({
        text: 'select role, reason, error, attempts, body from dead_letters where event_id = $1',
        values: [event.id],
      }),
    /** As a process leaves it that dies between its claim and its outcome, some time ago. */
    async leaveOpen(event: TransferCompleted) {
      for (const role of ['payer', 'payee'] as const) {
        await database.query({
          text: `insert into deliveries (event_id, role, transfer_id, account_id, recipient, committed_at, status,
                                         attempts, claimed_by, claimed_until)
                 values ($1, $2, $3, $4, $5, now(), 'sending', 1, $6, now() - interval '1 second')`,
          values: [
            event.id,
            role,
            event.data.transferId,
            event.data[role].accountId,
            bench.addressOf(event, role),
            randomUUID(),
          ],
        });
      }
    },
    async close() {
      await bench.channel.stop();
      await Promise.all([broker, publishers.transaction, publishers.payout].map((one) => one.stop()));
      await world.close();
      await database.stop();
      await Promise.all([fresh.drop(), vhost.remove()]);
    },
  };
  await bench.channel.start();
  return bench;
}

/** A clock that begins now and runs faster than real time. */
function fastClock(speed: number): Clock {
  const beganMs = performance.now();
  const beganAtMs = Date.now();
  const passedMs = () => (performance.now() - beganMs) * speed;
  return {
    nowMs: passedMs,
    wallClockMs: () => beganAtMs + passedMs(),
    after: (ms, work) => systemClock.after(ms / speed, work),
  };
}

const bodyOf = (event: PaymentEvent): Buffer => Buffer.from(JSON.stringify(event));

/** Who is on a side of what an event tells of, whether told or not. */
function partyOf({ type, data }: PaymentEvent, role: Role): Party {
  return type === 'payfan.payout.completed.v1' ? data.owner : data[role];
}

function publish(
  broker: Broker,
  routingKey: string,
  body: Buffer,
  exchange = PAYMENTS_EXCHANGE,
): Promise<void> {
  return broker.publish({
    exchange,
    routingKey,
    messageId: randomUUID(),
    contentType: CLOUDEVENTS_JSON,
    body,
  });
}
