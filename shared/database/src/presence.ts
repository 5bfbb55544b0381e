import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { connectionTo } from './connection.ts';
import type { Queryable } from './database.ts';

export interface PresenceOptions {
  url: string;
  /** Shown in `pg_stat_activity`. */
  name: string;
  /** The process's own id: the one that its leases and claims bear. */
  id: string;
  /** Called when the connection breaks or gives no answer, and when an attempt to make a new one fails. */
  onError?: (error: Error) => void;
  /** How often the connection is asked for an answer, and how long that may take. Tests shorten them. */
  pingEveryMs?: number;
  answerWithinMs?: number;
}

/** Our corner of PostgreSQL's advisory locks: "Pfan" in ASCII. */
const LOCK_CLASS = 0x5066_616e;
const RECONNECT_EVERY_MS = 250;
const PING_EVERY_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;
/** A server that has gone silent does not acknowledge the end of a session; the process ends without that. */
const STOP_WITHIN_MS = 500;
/** Longer than PostgreSQL needs to close the session before this one, if that went silent: it still holds the lock. */
const LOCK_WITHIN_MS = 30_000;

/**
 * A process's sign of life: an advisory lock that its session holds. PostgreSQL gives the lock back the
 * moment the session ends, however the process died, so others need not wait for its leases to run out.
 * It must be a session of our own: through a pooler that shares sessions nobody would look alive.
 */
export class Presence {
  readonly name = 'presence';
  readonly #options: PresenceOptions;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Resolves when the process can be seen; take leases only after that. */
  async start(): Promise<void> {
    if (this.#stopped || this.#client !== undefined) return;
    const { url, name, id, answerWithinMs = ANSWER_WITHIN_MS } = this.#options;
    const client = new pg.Client({
      ...connectionTo(url),
      application_name: `${name} presence`,
      query_timeout: answerWithinMs,
    });
    client.on('error', (error) => this.#onLost(client, error));
    client.on('end', () => this.#onLost(client, new Error('the connection ended')));
    this.#client = client;
    try {
      await client.connect();
      await client.query(lockStatement(id));
      this.#pingLater(client);
    } catch (error) {
      this.#client = undefined;
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    const ended = client?.end().catch(() => undefined);
    await Promise.race([ended, pause(STOP_WITHIN_MS, undefined, { ref: false })]);
  }

  /** Asks for an answer from time to time, because a connection that went silent does not break by itself. */
  #pingLater(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#timer = setTimeout(() => {
      client.query('select 1').then(
        () => this.#pingLater(client),
        (error: unknown) => {
          this.#onLost(client, error as Error);
          client.end().catch(() => undefined);
        },
      );
    }, this.#options.pingEveryMs ?? PING_EVERY_MS);
  }

  #onLost(client: pg.Client, error: Error): void {
    if (this.#client !== client) return;
    clearTimeout(this.#timer);
    this.#client = undefined;
    this.#options.onError?.(error);
    this.#startAgain();
  }

  #startAgain(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.start().catch((error: unknown) => {
        this.#options.onError?.(error as Error);
        this.#startAgain();
      });
    }, RECONNECT_EVERY_MS);
  }
}

/** `pg` reads the statement's own `query_timeout`, which its types do not name. */
const lockStatement = (id: string): pg.QueryConfig & { query_timeout: number } => ({
  text: 'select pg_advisory_lock($1, hashtext($2))',
  values: [LOCK_CLASS, id],
  query_timeout: LOCK_WITHIN_MS,
});

/** Makes a process visible to {@link isGone}; start it before the process takes leases. */
export function openPresence(options: PresenceOptions): Presence {
  return new Presence(options);
}

/** Locks of present processes, in this database. */
const PRESENT = `pg_locks where locktype = 'advisory' and classid = ${LOCK_CLASS}::oid and objsubid = 2 and granted
  and database = (select oid from pg_database where datname = current_database())`;

/**
 * SQL that is true where no process with the id in this column is present. An array, as the planner would charge a
 * subquery's cost to each row that is compared, and read whole indexes to compare few.
 */
export const isGone = (column: string): string =>
  `(hashtext(${column}::text)::bigint & 4294967295)::oid <> all (array(select objid from ${PRESENT}))`;

/** The processes that are present, by the hashes of their ids: equal answers mean that none came or went. */
export async function listPresent(db: Queryable): Promise<string> {
  const [row] = await db.query<{ present: string | null }>({
    name: 'presence-list',
    text: `select string_agg(objid::text, ',' order by objid) as present from ${PRESENT}`,
  });
  return row?.present ?? '';
}
