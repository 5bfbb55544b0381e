import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase, type Database, type Statement } from '@payfan/database';
import { Outbox, type EventBroker, type OutboxEvent } from '@payfan/outbox';
import { freshDatabase, startServers, waitFor, type Servers } from '@payfan/stack/testing';
import { pinXmin } from '../fault/lib/pinned-xmin.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { silentLog } from './silent-log.ts';
import { median } from './statistics.ts';

const DEAD_ROWS = 200_000;
const BATCH = 1_000;
/** Claims that are compared: so many of each, in turns of so many, as the machine is faster in one second than in the next. */
const CLAIMS = 200;
const TURN = 20;
/** How long a sweeper is watched that finds nothing. */
const IDLE_MS = 10_000;

/**
 * Rows of the outbox live for a tenth of a second, and while some transaction holds back vacuum they stay in the way
 * when they are dead. The sweeper's claims must not become slower behind 200,000 of them, and while it finds nothing
 * it must not look through them all the time.
 */
export async function growthDeadRows({ say }: BenchOptions): Promise<Figure[]> {
  const servers = await startServers();
  const clean = await openOutbox(servers.infrastructure);
  const cluttered = await openOutbox(servers.infrastructure);
  const letGo = pinXmin(cluttered.adminUrl);
  try {
    say(`  making ${DEAD_ROWS} dead rows`);
    await cluttered.relay.passOn(DEAD_ROWS);
    // What has just started is slow.
    for (const { relay } of [clean, cluttered]) await relay.claims(TURN);
    const without: number[] = [];
    const behind: number[] = [];
    for (let done = 0; done < CLAIMS; done += TURN) {
      without.push(...(await clean.relay.claims(TURN)));
      behind.push(...(await cluttered.relay.claims(TURN)));
    }
    const idle = await clean.relay.looking(IDLE_MS);
    const idleBehind = await cluttered.relay.looking(IDLE_MS);
    return [
      { what: 'claim, no dead rows, median', value: median(without), unit: 'ms' },
      { what: `claim behind ${DEAD_ROWS} dead rows, median`, value: median(behind), unit: 'ms' },
      { what: 'ratio', value: median(behind) / median(without), unit: '×', atMost: 2 },
      { what: 'claim, no dead rows, slowest', value: Math.max(...without), unit: 'ms' },
      // Now and then it looks from the beginning, past all of them.
      { what: `claim behind ${DEAD_ROWS} dead rows, slowest`, value: Math.max(...behind), unit: 'ms' },
      { what: 'of its time a sweeper looks that finds nothing', value: 100 * idle, unit: '%' },
      { what: `the same behind ${DEAD_ROWS} dead rows`, value: 100 * idleBehind, unit: '%', atMost: 10 },
    ];
  } finally {
    await letGo();
    await Promise.all([clean.database.stop(), cluttered.database.stop()]);
    await servers.stop();
  }
}

/** An outbox in a database of its own: what holds back vacuum in one does not in another. */
async function openOutbox(infrastructure: Servers['infrastructure']) {
  const fresh = await freshDatabase(infrastructure);
  // Claims are to be compared, not the disk: no commit waits for it here.
  const url = `${fresh.urlFor('transaction')}?options=${encodeURIComponent('-c synchronous_commit=off')}`;
  const database = openDatabase({ url, name: 'bench' });
  await waitFor(() => database.ping(), { what: 'the database', timeoutMs: 10_000 });
  return { adminUrl: fresh.adminUrl, database, relay: new MeasuredRelay(database) };
}

/** A relay whose broker confirms everything at once, so that its statements are all that takes time. */
class MeasuredRelay {
  readonly #database: Database;
  readonly #outbox: Outbox;
  /** Of those that found something. */
  #claimsMs: number[] = [];
  /** Of all. */
  #looksMs = 0;
  #publishable = false;

  constructor(database: Database) {
    this.#database = database;
    const timed = new Proxy(database, {
      get: (target, name) =>
        name === 'query'
          ? (statement: Statement) => this.#time(statement)
          : (Reflect.get(target, name) as unknown),
    });
    const isPublishable = () => this.#publishable;
    const broker: EventBroker = {
      publish: () => Promise.resolve(),
      get publishable() {
        return isPublishable();
      },
      unconfirmed: 0,
    };
    this.#outbox = new Outbox({
      database: timed,
      broker,
      log: silentLog,
      relayId: randomUUID(),
      sweepEveryMs: 1,
    });
  }

  /** Lets so many events through, in batches: each leaves a dead row. */
  async passOn(count: number): Promise<void> {
    for (let done = 0; done < count; done += BATCH) await this.#sweep(BATCH);
  }

  /** How long the sweeper's claims took over so many sweeps of one event each. */
  async claims(count: number): Promise<number[]> {
    this.#claimsMs = [];
    for (let done = 0; done < count; done += 1) await this.#sweep(1);
    // The other's claims are to be measured without ours.
    this.#publishable = false;
    return this.#claimsMs;
  }

  /** The share of its time that the sweeper looks while there is nothing to find; its sweeps are a millisecond apart here. */
  async looking(forMs: number): Promise<number> {
    this.#looksMs = 0;
    this.#publishable = true;
    await delay(forMs);
    this.#publishable = false;
    return this.#looksMs / forMs;
  }

  /** Writes events that nobody holds, and waits until the sweeper has passed them on. */
  async #sweep(count: number): Promise<void> {
    this.#publishable = false;
    const events = Array.from({ length: count }, anEvent);
    await this.#database.transaction((tx) => this.#outbox.insert(tx, events));
    this.#publishable = true;
    await this.#outbox.start();
    await waitFor(async () => (await this.#outbox.state()).waiting === 0, {
      what: 'the sweep',
      timeoutMs: 60_000,
      intervalMs: 1,
    });
  }

  async #time(statement: Statement): Promise<unknown[]> {
    const beganMs = performance.now();
    const rows = await this.#database.query(statement);
    if (statement.name === 'outbox-claim-expired') {
      const tookMs = performance.now() - beganMs;
      this.#looksMs += tookMs;
      if (rows.length > 0) this.#claimsMs.push(tookMs);
    }
    return rows;
  }
}

function anEvent(): OutboxEvent {
  return {
    eventId: randomUUID(),
    exchange: 'payments',
    routingKey: 'transfer.completed.interactive',
    body: '{}',
    traceparent: null,
  };
}
