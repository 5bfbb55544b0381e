import { CLOUDEVENTS_JSON } from '@payfan/contracts';
import { gather, type Database, type Queryable } from '@payfan/database';
import {
  backoffMs,
  pause,
  PublishError,
  settledWithin,
  type Broker,
  type Log,
  type PublishFailure,
} from '@payfan/messaging';
import {
  deleteConfirmed,
  insertEvents,
  readState,
  releaseEvents,
  releaseLeases,
  type Lease,
  type OutboxEvent,
  type OutboxRow,
  type OutboxState,
} from './outbox-store.ts';
import { Unheld } from './unheld.ts';

/** The part of a broker that the outbox needs. */
export type EventBroker = Pick<Broker, 'publish' | 'publishable' | 'unconfirmed'>;

export interface OutboxOptions {
  database: Database;
  broker: EventBroker;
  log: Log;
  /** Unique for each process, and that of its `Presence`: the holder of its leases. */
  relayId: string;
  /** How long a row is left to its holder. Longer than a confirm may take (10 s), or doubles are the rule. */
  leaseSeconds?: number;
  /** How often the sweeper looks for rows that nobody holds. */
  sweepEveryMs?: number;
}

const LEASE_SECONDS = 20;
const SWEEP_EVERY_MS = 250;
/** Rows that the sweeper takes at a time … */
const SWEEP_ROWS = 500;
/** … and takes more while so many are on their way: the database works while the broker does. */
const SWEEPS_AT_ONCE = 3;
/** Messages on the wire at once. Beyond it rows wait in the database, where they cost no memory. */
const WINDOW = 2_000;
/** Rows in one delete; https://www.postgresql.org/docs/current/queries.html sets no limit, latency does. */
const DELETE_ROWS = 1_000;
/** Nobody waits for a row to go; if we die before it does, its event comes a second time under the same id. */
const DELETE_LINGER_MS = 100;
/** So many go at once: sweeps wait for theirs. */
const ENOUGH_TO_DELETE = 100;
const GIVE_BACK = { firstMs: 50, longestMs: 5_000 };
/**
 * How long stopping waits for confirms. A service has 10 s to stop: after us the broker's part waits up to 3 s
 * for confirms of its own and up to 2 s for the connections to close, and the API was closed before.
 */
const STOP_TIMEOUT_MS = 3_000;
/** How long stopping may then take to give rows back; without it they are free when our session ends. */
const RELEASE_TIMEOUT_MS = 1_000;

/**
 * What happened to events, counted since the process started. Each that is published is then confirmed,
 * returned or failed, or still on its way.
 */
export interface OutboxCounters {
  /** Sent to the broker. */
  published: number;
  confirmed: number;
  /** The broker had no queue for it. */
  returned: number;
  /** Refused, overdue, or on a connection that broke. */
  failed: number;
  /** Confirmed, but the lease had passed to another relay, which may have published it as well. */
  leaseLost: number;
  swept: number;
  /** Rows taken over from processes that died. */
  takenOver: number;
}

/**
 * Events that leave with the transaction that caused them.
 *
 *   1. `insert` writes their rows inside that transaction, leased to this process.
 *   2. After its commit `handOff` publishes them from memory, and deletes each row once the broker has
 *      confirmed it.
 *   3. The sweeper publishes rows that nobody holds: their holder died, the broker was away, or a commit
 *      answered with an error although it took effect.
 *
 * Whatever dies in between, the row stays; so an event is published at least once, under one id.
 */
export class Outbox {
  readonly name = 'outbox';
  readonly counters: OutboxCounters = {
    published: 0,
    confirmed: 0,
    returned: 0,
    failed: 0,
    leaseLost: 0,
    swept: 0,
    takenOver: 0,
  };
  readonly #options: Required<OutboxOptions>;
  readonly #stopping = new AbortController();
  readonly #inHand = new Set<Promise<void>>();
  /** Rows that were taken to be published and are not confirmed. */
  readonly #unconfirmed = new Set<number>();
  readonly #deleteRow: (id: number) => Promise<void>;
  readonly #releaseRow: (id: number) => Promise<void>;
  readonly #unheld: Unheld;
  #sweeping: Promise<void> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = { leaseSeconds: LEASE_SECONDS, sweepEveryMs: SWEEP_EVERY_MS, ...options };
    const { database, relayId, leaseSeconds } = this.#options;
    this.#unheld = new Unheld(database, { holder: relayId, seconds: leaseSeconds });
    this.#deleteRow = gather({
      maxItems: DELETE_ROWS,
      lingerMs: DELETE_LINGER_MS,
      enough: ENOUGH_TO_DELETE,
      work: async (ids: number[]) => {
        const deleted = await deleteConfirmed(database, relayId, ids);
        this.counters.leaseLost += ids.length - deleted;
        return ids.map(() => undefined);
      },
    });
    this.#releaseRow = gather({
      maxItems: DELETE_ROWS,
      work: async (ids: number[]) => {
        await releaseLeases(database, relayId, ids);
        this.#unheld.lookAtAll();
        return ids.map(() => undefined);
      },
    });
  }

  start(): Promise<void> {
    this.#sweeping ??= this.#keepSweeping();
    return Promise.resolve();
  }

  /**
   * Waits for what is being published, though not for a broker or a database that is frozen. Rows that are
   * not confirmed by then are given back, so that the next process publishes them at once.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await settledWithin(Promise.all([this.#sweeping, ...this.#inHand]), STOP_TIMEOUT_MS);
    const left = [...this.#unconfirmed];
    if (left.length === 0) return;
    const { database, relayId, log } = this.#options;
    log.warn(
      { events: left.length },
      'stopping with events that are not confirmed: others will publish them',
    );
    await settledWithin(releaseLeases(database, relayId, left), RELEASE_TIMEOUT_MS);
  }

  /**
   * The lease under which a transaction is to write this many events. Of no length if there is no broker to take
   * them: the rows then belong to the sweeper, and there is nothing to hand off.
   */
  lease(events: number): Lease {
    return {
      holder: this.#options.relayId,
      seconds: this.#canPublish(events) ? this.#options.leaseSeconds : 0,
    };
  }

  /**
   * Writes the events' rows; to be called in the transaction that causes them. Answers what to hand off
   * after the commit.
   */
  async insert(tx: Queryable, events: OutboxEvent[]): Promise<OutboxRow[]> {
    const lease = this.lease(events.length);
    const rows = await insertEvents(tx, events, lease);
    return lease.seconds > 0 ? rows : [];
  }

  /** Publishes rows that `insert` answered, after their commit. Returns at once; failures leave the rows. */
  handOff(rows: OutboxRow[]): void {
    if (rows.length === 0) return;
    const work = this.#publishAll(rows).finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
  }

  /**
   * To be called with the ids of leased events when their commit failed: it may have taken effect all the same.
   * Ends the leases as soon as the database answers, so that such events leave at once. Returns at once.
   */
  abandon(eventIds: string[]): void {
    if (eventIds.length === 0) return;
    const work = this.#giveBack(eventIds).finally(() => this.#inHand.delete(work));
    this.#inHand.add(work);
  }

  /**
   * Tries until they are there and given back, as the server may still be at the commit; at most for as long
   * as the leases last, after which there is nothing to give back. Rows that were rolled back never come.
   */
  async #giveBack(eventIds: string[]): Promise<void> {
    const { database, relayId, leaseSeconds } = this.#options;
    const { signal } = this.#stopping;
    const endMs = performance.now() + leaseSeconds * 1_000;
    for (let attempt = 1; performance.now() < endMs; attempt += 1) {
      const released = await releaseEvents(database, relayId, eventIds).catch(() => 0);
      if (released > 0) this.#unheld.lookAtAll();
      if (released > 0 || signal.aborted) return;
      await pause(backoffMs(attempt, GIVE_BACK, Math.random), signal);
    }
  }

  /** How much waits, for how long, and what keeps the table from being tidied. */
  state(): Promise<OutboxState> {
    return readState(this.#options.database);
  }

  #canPublish(messages: number): boolean {
    const { broker } = this.#options;
    return broker.publishable && broker.unconfirmed + messages <= WINDOW && !this.#stopping.signal.aborted;
  }

  async #publishAll(rows: OutboxRow[]): Promise<void> {
    await Promise.all(rows.map((row) => this.#publish(row)));
  }

  async #publish(row: OutboxRow): Promise<void> {
    const { broker, log } = this.#options;
    const { id, eventId, exchange, routingKey } = row;
    // What the broker refuses to take, or has no connection for, was never on its way.
    const sent = broker.publishable;
    if (sent) this.counters.published += 1;
    this.#unconfirmed.add(id);
    try {
      await broker.publish({
        exchange,
        routingKey,
        messageId: eventId,
        contentType: CLOUDEVENTS_JSON,
        headers: row.traceparent === null ? {} : { traceparent: row.traceparent },
        body: Buffer.from(row.body),
      });
      this.counters.confirmed += 1;
      this.#unconfirmed.delete(id);
    } catch (error) {
      const kind = error instanceof PublishError ? error.kind : 'disconnected';
      if (kind === 'returned') this.counters.returned += 1;
      else if (sent) this.counters.failed += 1;
      await this.#onFailure(row, kind, error);
      this.#unconfirmed.delete(id);
      return;
    }
    await this.#deleteRow(id).catch((error: unknown) => {
      // The event is out; the row will be published again under the same id, and consumers know it.
      log.warn(
        { eventId, err: error },
        'confirmed event not removed from the outbox, it will be published again',
      );
    });
  }

  async #onFailure(row: OutboxRow, kind: PublishFailure, error: unknown): Promise<void> {
    const { log } = this.#options;
    const { id, eventId, exchange, routingKey } = row;
    if (kind === 'returned') {
      log.error(
        { eventId, exchange, routingKey },
        'event kept: the broker has no queue for it. The topology is declared again; if it is not known there, add it',
      );
    } else if (kind === 'blocked' || kind === 'disconnected') {
      await this.#releaseRow(id).catch(() => undefined);
    } else {
      log.warn({ eventId, err: error }, 'event kept, it will be published again');
    }
  }

  async #keepSweeping(): Promise<void> {
    const { sweepEveryMs, log } = this.#options;
    const { signal } = this.#stopping;
    const underWay = new Set<Promise<void>>();
    while (!signal.aborted) {
      let found = 0;
      if (this.#canPublish(SWEEP_ROWS)) {
        try {
          const takenOver = await this.#unheld.takeOver();
          this.counters.takenOver += takenOver;
          if (takenOver > 0) {
            log.warn({ rows: takenOver }, 'a process has died with events in hand: taking them over');
          }
          const rows = await this.#unheld.claim(SWEEP_ROWS);
          found = rows.length;
          this.counters.swept += found;
          const publishing = this.#publishAll(rows).finally(() => underWay.delete(publishing));
          underWay.add(publishing);
        } catch (error) {
          log.warn({ err: error }, 'outbox not swept, trying again');
        }
      }
      if (found < SWEEP_ROWS) await pause(sweepEveryMs, signal);
      if (underWay.size >= SWEEPS_AT_ONCE) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  }
}
