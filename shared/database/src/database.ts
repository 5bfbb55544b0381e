import { isNativeError } from 'node:util/types';
import pg from 'pg';
import { connectionTo, isUnanswered, settledWithin, STOP_TIMEOUT_MS } from './session.ts';

/** A statement with its name, so that it is prepared once on each connection and findable in `pg_stat_statements`. */
export interface Statement {
  name?: string;
  text: string;
  values?: unknown[];
}

/** Something that takes statements: the pool, or one transaction. */
export interface Queryable {
  query<Row>(statement: Statement): Promise<Row[]>;
}

export interface DatabaseOptions {
  url: string;
  /** Shown in `pg_stat_activity`. */
  name: string;
  /** Connections at most. */
  max?: number;
  /** How long a new connection, or a wait for a free one, may take. By default 3 s. */
  connectTimeoutMs?: number;
  /** The server ends a statement that runs longer; the client gives up a second later, if it hears nothing at all. */
  statementTimeoutMs?: number;
  /** Called for connections that broke while idle; the pool replaces them by itself. */
  onError?: (error: Error) => void;
}

/** A new connection is a sign-in, and every statement prepared once more: those of a burst are kept for the next one. */
const IDLE_TIMEOUT_MS = 60_000;
/**
 * No statement of ours is meant to run longer; one that does is stuck, and holds locks. With the time that a connection
 * may take, a request that waits for one statement is answered within 10 s.
 */
const STATEMENT_TIMEOUT_MS = 6_000;
/** The client waits longer than the server works, because the server's error says that nothing was changed. */
const ANSWER_MARGIN_MS = 1_000;
/** A client that vanished inside a transaction holds locks no longer than this. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/**
 * Every statement of ours finds its rows by an index. Left to itself, the planner reads whole tables where it
 * believes them small, which is what it knows of a new one until autovacuum has looked, a minute later; and a
 * prepared statement keeps such a plan while its table grows. Measured in the first minute under load: 300
 * transfers a second instead of 2,000.
 *
 * And a plan is kept whatever the parameters are. Left to itself, PostgreSQL plans most of ours anew at each
 * execution, since arrays that are known to be short look cheaper than those that are not; measured: a fifth to two
 * fifths of what it spends on a delivery (https://www.postgresql.org/docs/current/sql-prepare.html, plan_cache_mode).
 *
 * And what costs is a row that is looked at. By the usual prices the whole index of a table of fifty rows is as cheap
 * as ten of its rows found one by one, and autovacuum looks at a new table for the first time when it has fifty:
 * measured in the minute that follows, under load: 17,000 rows read to find five. At such prices everything looks
 * expensive, so compiling a plan (jit), which pays for reports, would begin with what takes a millisecond.
 */
const PLANNER_SETTINGS = [
  'enable_seqscan=off',
  'plan_cache_mode=force_generic_plan',
  'cpu_tuple_cost=1',
  'cpu_index_tuple_cost=1',
  'jit=off',
];

// BIGINT arrives as a string by default. Every one of ours stays within 2^53 − 1 (a CHECK holds
// balances there), so a number is exact; one that is not exact must never pass unnoticed.
const readBigint = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint beyond 2^53 - 1: ${text}`);
  return value;
};
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 && format !== 'binary'
      ? readBigint
      : (pg.types.getTypeParser(oid, format) as never),
};

/** A pool of connections to one PostgreSQL database, as one role. */
export class Database implements Queryable {
  readonly name = 'database';
  readonly #pool: pg.Pool;
  #ended: Promise<void> | undefined;

  constructor(options: DatabaseOptions) {
    const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
    this.#pool = new pg.Pool({
      ...connectionTo(options.url, { settings: PLANNER_SETTINGS, timeoutMs: options.connectTimeoutMs }),
      application_name: options.name,
      max: options.max ?? 10,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      types,
    });
    this.#pool.on('error', (error) => options.onError?.(error));
  }

  /** Proves that the database answers, so that a wrong address fails at start and not at the first request. */
  async start(): Promise<void> {
    await this.ping();
  }

  /** Waits for the statements under way, though not for a silent server, and closes every connection. */
  async stop(): Promise<void> {
    this.#ended ??= settledWithin(this.#pool.end(), STOP_TIMEOUT_MS);
    await this.#ended;
  }

  async ping(): Promise<void> {
    await this.query({ text: 'select 1' });
  }

  async query<Row>(statement: Statement): Promise<Row[]> {
    const result = await this.#pool.query<Row & pg.QueryResultRow>(statement);
    return result.rows;
  }

  /**
   * Runs `work` in a transaction (read committed) and commits it. If it throws, everything is rolled
   * back and the error passed on. If the connection dies, or the server falls silent, *during* the commit, the caller
   * gets an error although the work may have been committed, so a caller that retries must be idempotent.
   */
  async transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    // A connection that breaks between two statements emits `error` on the client; unheard, it would
    // end the process. The next statement fails with the same reason.
    const ignore = () => undefined;
    client.on('error', ignore);
    let broken: Error | undefined;
    const run = async <Row>(statement: Statement) => {
      // Behind a statement without an answer pg would queue the next ones, each for as long again.
      if (broken !== undefined) throw broken;
      try {
        return await client.query<Row & pg.QueryResultRow>(statement);
      } catch (error) {
        if (isUnanswered(error)) broken = error as Error;
        throw error;
      }
    };
    try {
      await run({ text: 'begin' });
      const value = await work({
        query: async <Row>(statement: Statement) => (await run<Row>(statement)).rows,
      });
      const { command } = await run({ text: 'commit' });
      // To a transaction in which a statement failed COMMIT answers ROLLBACK, and no error: work that
      // hid the failure must not pass for done.
      if (command !== 'COMMIT') throw new Error('a statement failed, so the transaction was rolled back');
      return value;
    } catch (error) {
      await run({ text: 'rollback' }).catch((failure: unknown) => (broken = failure as Error));
      // Whether a session may write is settled when it begins: this one would refuse for ever.
      if (isReadOnly(error)) broken ??= error;
      throw error;
    } finally {
      client.off('error', ignore);
      // The pool destroys a broken client: an answer that comes late must not be taken for another statement's.
      client.release(broken);
    }
  }
}

/** Opens the pool; connections are made when they are needed. */
export function openDatabase(options: DatabaseOptions): Database {
  return new Database(options);
}

const READ_ONLY = '25006';
const isReadOnly = (error: unknown): error is Error =>
  isNativeError(error) && 'code' in error && error.code === READ_ONLY;

// https://www.postgresql.org/docs/current/errcodes-appendix.html: 08 connection, 53 resources (53100
// disk full, 53300 too many connections), 57P0x shutdown, 25006 read-only (a standby, or a full disk
// guarded by one), 57014 statement timeout, 55P03 lock not available.
const AWAY = /^(08|53|57P0|25006|57014|55P03)/;
const AWAY_NODE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);
const AWAY_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|not queryable/;

/** True when the database could not do its work (gone, full, starting, too busy), whatever the statement was. */
export function isDatabaseAway(error: unknown): boolean {
  if (!isNativeError(error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (isUnanswered(error) || AWAY.test(code) || AWAY_NODE.has(code) || AWAY_MESSAGE.test(error.message))
    return true;
  // Several addresses were tried, and each failed.
  return 'errors' in error && Array.isArray(error.errors) && error.errors.some(isDatabaseAway);
}
