import pg from 'pg';
import type { Queryable } from './database.ts';
import { connectionTo, settledWithin, STOP_TIMEOUT_MS } from './session.ts';

export interface PresenceOptions {
  url: string;
  /** Shown in `pg_stat_activity`. */
  name: string;
  /** The process's own id: the one that its leases and claims bear. */
  id: string;
  /** Called when the connection breaks, and for each attempt to make a new one that fails. */
  onError?: (error: Error) => void;
  /** Tests shorten these. */
  beatEveryMs?: number;
  answerTimeoutMs?: number;
}

/** Our corner of PostgreSQL's advisory locks: "Pfan" in ASCII. */
const LOCK_CLASS = 0x5066_616e;
/** How often the session is asked for an answer, and how long that may take. */
const BEAT_EVERY_MS = 5_000;
const ANSWER_TIMEOUT_MS = 5_000;
const RECONNECT_EVERY_MS = 250;

/**
 * A process's sign of life: an advisory lock that its session holds. PostgreSQL gives the lock back the
 * moment the session ends, however the process died, so others need not wait for its leases to run out.
 * It must be a session of our own: through a pooler that shares sessions nobody would look alive.
 */
export class Presence {
  readonly name = 'presence';
  readonly #options: PresenceOptions;
  #client: pg.Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Resolves when the process can be seen; take leases only after that. */
  async start(): Promise<void> {
    if (this.#stopped || this.#client !== undefined) return;
    const { url, name, id } = this.#options;
    const client = new pg.Client({
      ...connectionTo(url),
      application_name: `${name} presence`,
      query_timeout: this.#options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS,
    });
    client.on('error', (error) => this.#onLost(client, error));
    client.on('end', () => this.#onLost(client, new Error('the connection ended')));
    this.#client = client;
    try {
      await client.connect();
      // Shared, so that a new session need not wait until the server has noticed the end of the last one.
      await client.query('select pg_advisory_lock_shared($1, hashtext($2))', [LOCK_CLASS, id]);
      this.#beatLater(client);
    } catch (error) {
      this.#client = undefined;
      await close(client);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#beat);
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) await close(client);
  }

  /**
   * Finds out that the server has ended the session behind a silent network, because other processes then take this
   * one for dead while it works.
   */
  #beatLater(client: pg.Client): void {
    // The session may have been lost, or stopped, since it answered.
    if (this.#client !== client) return;
    this.#beat = setTimeout(() => {
      client.query('select 1').then(
        () => this.#beatLater(client),
        (error: unknown) => {
          this.#onLost(client, error as Error);
          void close(client);
        },
      );
    }, this.#options.beatEveryMs ?? BEAT_EVERY_MS);
  }

  #onLost(client: pg.Client, error: Error): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    clearTimeout(this.#beat);
    this.#options.onError?.(error);
    this.#startAgain();
  }

  #startAgain(): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.start().catch((error: unknown) => {
        this.#options.onError?.(error as Error);
        this.#startAgain();
      });
    }, RECONNECT_EVERY_MS);
  }
}

const close = (client: pg.Client): Promise<void> =>
  settledWithin(
    client.end().catch(() => undefined),
    STOP_TIMEOUT_MS,
  );

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
