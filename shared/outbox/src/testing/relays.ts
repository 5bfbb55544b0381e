import { randomUUID } from 'node:crypto';
import { openDatabase, openPresence, type Database, type Presence } from '@payfan/database';
import { openBroker, type Broker } from '@payfan/messaging';
import { BrokerAdmin, RecordingLog } from '@payfan/messaging/testing';
import {
  freshDatabase,
  freshVhost,
  waitFor,
  type FreshDatabase,
  type FreshVhost,
  startTcpProxy,
  type TcpProxy,
} from '@payfan/stack/testing';
import type { OutboxEvent, OutboxRow } from '../outbox-store.ts';
import { Outbox, type OutboxCounters, type OutboxOptions } from '../outbox.ts';

/** `inbox` gets what is published to `events` under `known.…`. */
const topology = {
  exchanges: [{ name: 'events', type: 'topic' as const }],
  queues: [{ name: 'inbox', arguments: { 'x-queue-type': 'quorum' } }],
  bindings: [{ exchange: 'events', queue: 'inbox', routingKey: 'known.*' }],
};

export function event(over: Partial<OutboxEvent> = {}): OutboxEvent {
  const eventId = randomUUID();
  return {
    eventId,
    exchange: 'events',
    routingKey: 'known.event',
    body: `{"id":"${eventId}"}`,
    traceparent: null,
    ...over,
  };
}
/** The counters of an outbox to which nothing has happened. */
export const nothing: OutboxCounters = {
  published: 0,
  confirmed: 0,
  returned: 0,
  failed: 0,
  leaseLost: 0,
  swept: 0,
  takenOver: 0,
};
export const events = (count: number) => Array.from({ length: count }, () => event());
export const idsOf = (list: { eventId: string }[]) => list.map(({ eventId }) => eventId).sort();

/** A service with an outbox: its own connections, its own leases. */
export interface Relay {
  outbox: Outbox;
  broker: Broker;
  database: Database;
  /** Stop it, and to others the process is dead. */
  presence: Presence;
  relayId: string;
  /** The wire to the broker. */
  wire: TcpProxy;
  /** Writes the events in a transaction of their own; answers what is to be handed off. */
  commit: (list: OutboxEvent[]) => Promise<OutboxRow[]>;
  /** Commits and hands off; answers how many were handed off. */
  send: (list: OutboxEvent[]) => Promise<number>;
}

/** A row as it stands; `held` while its lease runs. */
export interface Row {
  eventId: string;
  holder: string;
  held: boolean;
}

/** A database and a vhost of a test's own, and the relays that it starts between them. */
export class Relays {
  readonly admin: Database;
  readonly operator: BrokerAdmin;
  readonly log = new RecordingLog();
  readonly #database: FreshDatabase;
  readonly #vhost: FreshVhost;
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(database: FreshDatabase, vhost: FreshVhost) {
    this.#database = database;
    this.#vhost = vhost;
    this.operator = new BrokerAdmin(vhost);
    this.admin = openDatabase({ url: database.adminUrl, name: 'admin' });
  }

  /** A relay that is connected. Its sweeper runs unless told otherwise. */
  async start({
    sweeps = true,
    ...over
  }: Partial<OutboxOptions> & { sweeps?: boolean } = {}): Promise<Relay> {
    const { log } = this;
    const relayId = randomUUID();
    const wire = await startTcpProxy(this.#vhost.amqpUrl);
    const database = openDatabase({ url: this.#database.urlFor('transaction'), name: relayId });
    const broker = openBroker({ urls: [wire.through(this.#vhost.amqpUrl)], name: 'relay', log, topology });
    const presence = openPresence({ url: this.#database.urlFor('transaction'), name: 'relay', id: relayId });
    await presence.start();
    const outbox = new Outbox({ database, broker, log, relayId, sweepEveryMs: 20, ...over });
    this.#stops.push(
      () => wire.stop(),
      () => presence.stop(),
      () => database.stop(),
      () => broker.stop(),
      () => outbox.stop(),
    );
    await broker.start();
    await waitFor(() => broker.ping(), { what: 'connecting' });
    if (sweeps) await outbox.start();
    const commit = (list: OutboxEvent[]) => database.transaction((tx) => outbox.insert(tx, list));
    const send = async (list: OutboxEvent[]) => {
      const handedOff = await commit(list);
      outbox.handOff(handedOff);
      return handedOff.length;
    };
    return { outbox, broker, database, presence, relayId, wire, commit, send };
  }

  /** Cuts a relay off from the broker; resolves when it knows. */
  async disconnect({ wire, broker }: Relay): Promise<void> {
    await wire.refuse();
    await waitFor(() => Promise.resolve(!broker.publishable), { what: 'the loss' });
  }

  rows(): Promise<Row[]> {
    return this.admin.query<Row>({
      text: `select event_id as "eventId", leased_by as holder, leased_until > clock_timestamp() as held
             from transaction.outbox order by id`,
    });
  }

  async drained(what = 'the outbox being empty'): Promise<void> {
    await waitFor(async () => expect(await this.rows()).toEqual([]), { what });
  }

  /** Takes what was published; its ids, sorted. */
  async published(): Promise<string[]> {
    return (await this.operator.take('inbox', 10_000)).map(({ messageId }) => messageId ?? '').sort();
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    await this.admin.stop();
    await Promise.all([this.#database.drop(), this.#vhost.remove()]);
  }
}

export async function openRelays(): Promise<Relays> {
  const [database, vhost] = await Promise.all([freshDatabase(), freshVhost()]);
  return new Relays(database, vhost);
}
