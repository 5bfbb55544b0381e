import { randomUUID } from 'node:crypto';
import { openDatabase, type Database, type Statement } from '@payfan/database';
import { Outbox, type EventBroker, type OutboxEvent } from '@payfan/outbox';
import { freshDatabase, startServers, waitFor } from '@payfan/stack/testing';
import { pinXmin } from '../fault/lib/pinned-xmin.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { silentLog } from './silent-log.ts';
import { median } from './statistics.ts';

const DEAD_ROWS = 200_000;
const BATCH = 1_000;
/** Claims that are compared: this many before the first dead row, and as many behind the last. */
const CLAIMS = 200;

/**
 * Rows of the outbox live for a tenth of a second, and while some transaction holds back vacuum they stay in the way
 * when they are dead. The sweeper's claims must not become slower behind 200,000 of them.
 */
export async function growthDeadRows({ say }: BenchOptions): Promise<Figure[]> {
  const servers = await startServers();
  const fresh = await freshDatabase(servers.infrastructure);
  // Claims are to be compared, not the disk: no commit waits for it here.
  const url = `${fresh.urlFor('transaction')}?options=${encodeURIComponent('-c synchronous_commit=off')}`;
  const database = openDatabase({ url, name: 'bench' });
  const letGo = pinXmin(fresh.adminUrl);
  try {
    await waitFor(() => database.ping(), { what: 'the database', timeoutMs: 10_000 });
    const relay = new MeasuredRelay(database);
    const before = await relay.claims(CLAIMS);
    say(`  making ${DEAD_ROWS} dead rows`);
    await relay.passOn(DEAD_ROWS);
    const after = await relay.claims(CLAIMS);
    return [
      { what: 'claim, no dead rows, median', value: median(before), unit: 'ms' },
      { what: `claim behind ${DEAD_ROWS} dead rows, median`, value: median(after), unit: 'ms' },
      { what: 'ratio', value: median(after) / median(before), unit: '×', atMost: 2 },
      { what: 'claim, no dead rows, slowest', value: Math.max(...before), unit: 'ms' },
      // Every other second it looks from the beginning, past all of them.
      { what: `claim behind ${DEAD_ROWS} dead rows, slowest`, value: Math.max(...after), unit: 'ms' },
    ];
  } finally {
    await letGo();
    await database.stop();
    await servers.stop();
  }
}

/** A relay whose broker confirms everything at once, so that its statements are all that takes time. */
class MeasuredRelay {
  readonly #database: Database;
  readonly #outbox: Outbox;
  #claimsMs: number[] = [];
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
    for (let done = 0; done < 20; done += 1) await this.#sweep(1);
    this.#claimsMs = [];
    for (let done = 0; done < count; done += 1) await this.#sweep(1);
    return this.#claimsMs;
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
    if (statement.name === 'outbox-claim-expired' && rows.length > 0) {
      this.#claimsMs.push(performance.now() - beganMs);
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
