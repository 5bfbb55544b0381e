import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase, type Database } from './database.ts';

/** A table of which old rows are removed, by its function `forget_<table>(keep_days, after, max_rows)`. */
export interface ForgetfulTable {
  /** Without its schema: that is the role's own. */
  table: string;
  /** Rows are kept for this long at least; the function refuses what would be too short. */
  days: number;
}

/** What it needs of a logger. */
export interface RetentionLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RetentionOptions {
  /** As the service's own role, straight to the server: the lock is the session's. */
  url: string;
  /** Shown in `pg_stat_activity`. */
  name: string;
  log: RetentionLog;
  /** In this order: what others are kept for comes first. */
  tables: readonly ForgetfulTable[];
  sweepEveryMs?: number;
  /** Rows in one statement. */
  batchRows?: number;
  /** Between two statements, so that others get at the disk. */
  pauseMs?: number;
  /** How long stopping waits for the statement under way; its session ends with the process. */
  stopTimeoutMs?: number;
  /** Uniform in [0, 1). */
  random?: () => number;
}

/** Often, so that each sweep has little to do. */
const SWEEP_EVERY_MS = 600_000;
/** A statement of some 50 ms: nobody waits long for a row it holds. */
const BATCH_ROWS = 5_000;
/** With such batches up to 20,000 rows a second, several times what can be written meanwhile. */
const PAUSE_MS = 200;
/** Many times what a statement takes, and little of the 10 s that a service has to stop. */
const STOP_TIMEOUT_MS = 500;
/** Our corner of advisory locks for this: "Pfrt" in ASCII; with it the schema, as each sweeps its own. */
const LOCK_CLASS = 0x5066_7274;

/** How sweeps ended, counted since the process started; `busy`: another process was at it. */
export type SweepOutcome = 'done' | 'busy' | 'failed';

/**
 * Removes rows that are older than they need to be, in small batches, on a session of its own, by one process at
 * a time. What may go is decided by functions in the database, which the service's role may call although it may
 * not delete. A sweep that fails is logged, and the next one does its work.
 */
export class Retention {
  readonly name = 'retention';
  /** Rows removed since the process started, by table. */
  readonly removed: Record<string, number>;
  readonly sweeps: Record<SweepOutcome, number> = { done: 0, busy: 0, failed: 0 };
  readonly #options: Required<RetentionOptions>;
  readonly #stopping = new AbortController();
  #sweeping: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = {
      sweepEveryMs: SWEEP_EVERY_MS,
      batchRows: BATCH_ROWS,
      pauseMs: PAUSE_MS,
      stopTimeoutMs: STOP_TIMEOUT_MS,
      random: Math.random,
      ...options,
    };
    this.removed = Object.fromEntries(options.tables.map(({ table }) => [table, 0]));
  }

  start(): Promise<void> {
    this.#sweeping ??= this.#keepSweeping();
    return Promise.resolve();
  }

  /** Ends after the statement under way, though not waiting for a database that is frozen. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const frozen = new AbortController();
    await Promise.race([this.#sweeping, pause(this.#options.stopTimeoutMs, frozen.signal)]);
    frozen.abort();
  }

  async #keepSweeping(): Promise<void> {
    const { sweepEveryMs, random } = this.#options;
    const { signal } = this.#stopping;
    // Processes that start together do not sweep together.
    await pause(sweepEveryMs * random(), signal);
    while (!signal.aborted) {
      this.sweeps[await this.#sweep()] += 1;
      await pause(sweepEveryMs * (0.5 + random()), signal);
    }
  }

  async #sweep(): Promise<SweepOutcome> {
    const { url, name, tables, log } = this.#options;
    const session = openDatabase({ url, name: `${name} retention`, max: 1 });
    try {
      for (const table of tables) {
        if (!(await this.#forget(session, table))) return 'busy';
      }
      return 'done';
    } catch (error) {
      log.warn({ err: error }, 'old rows not removed, trying again later');
      return 'failed';
    } finally {
      // Whatever is wrong with its connection, the next sweep has another.
      await session.stop().catch(() => undefined);
    }
  }

  /** Removes what is too old of one table; false if another process is at it. */
  async #forget(session: Database, { table, days }: ForgetfulTable): Promise<boolean> {
    const { batchRows, pauseMs, log } = this.#options;
    const { signal } = this.#stopping;
    let rows = 0;
    for (let after: string | null = '-infinity'; after !== null && !signal.aborted;) {
      // Asked each time, as the connection may have been replaced; who holds it already has it again.
      if (!(await tryLock(session))) return false;
      const batch: Batch = await forgetBatch(session, table, { days, after, batchRows });
      this.removed[table] = (this.removed[table] ?? 0) + batch.removed;
      rows += batch.removed;
      after = batch.upto;
      if (after !== null) await pause(pauseMs, signal);
    }
    if (rows > 0) log.info({ table, rows, days }, 'old rows removed');
    return true;
  }
}

/** Keeps tables from growing for ever; started last, as nothing depends on it. */
export function openRetention(options: RetentionOptions): Retention {
  return new Retention(options);
}

async function tryLock(session: Database): Promise<boolean> {
  const [row] = await session.query<{ locked: boolean }>({
    name: 'retention-lock',
    text: 'select pg_try_advisory_lock($1, hashtext(current_schema())) as locked',
    values: [LOCK_CLASS],
  });
  return row?.locked === true;
}

interface Batch {
  removed: number;
  /** Up to where it looked; a text, since a Date would lose the microseconds. Null at the end. */
  upto: string | null;
}

async function forgetBatch(
  session: Database,
  table: string,
  { days, after, batchRows }: { days: number; after: string; batchRows: number },
): Promise<Batch> {
  const [batch] = await session.query<Batch>({
    name: `retention-${table}`,
    text: `select removed, upto::text from forget_${table}($1, $2::timestamptz, $3)`,
    values: [days, after, batchRows],
  });
  return batch ?? { removed: 0, upto: null };
}

/** Ends early when the signal aborts. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
