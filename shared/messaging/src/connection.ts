import { connect, type ChannelModel } from 'amqplib';
import { refusedAccess, refusedLogin, userOf } from './access-refused.ts';
import { backoffMs, pause } from './backoff.ts';
import { FirstAttempt } from './first-attempt.ts';
import { gatherWrites } from './gather-writes.ts';
import type { Log } from './log.ts';
import { settledWithin } from './within.ts';

/** The handshake has no limit of its own in amqplib: a frozen broker would hold us for ever. */
const HANDSHAKE_TIMEOUT_MS = 5_000;
/** Either side gives a silent connection up after two to three of these, so within 10 s (docs/adr/0031). */
const HEARTBEAT_SECONDS = 3;
const RECONNECT = { firstMs: 100, longestMs: 5_000 };
/** How long a close may wait for the broker's answer before the socket is simply dropped. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface ConnectionOptions {
  /** Hosts of one cluster, tried in turn. */
  urls: readonly string[];
  /** Shown in the broker's management page. */
  name: string;
  log: Log;
  /** Called with each fresh connection before anybody else may use it; a throw drops it and tries again. */
  prepare: (model: ChannelModel) => Promise<void>;
  random?: () => number;
}

type Listener = (model: ChannelModel) => void;

/**
 * One AMQP connection that is always there or on its way. It keeps no messages: what was in flight when
 * it broke is its users' to know. Each reconnection is a new `ChannelModel`; channels and delivery tags
 * of an earlier one are dead, so users open their channels anew in `onUp`.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #stopping = new AbortController();
  readonly #onUp = new Set<Listener>();
  #model: ChannelModel | undefined;
  #running: Promise<void> | undefined;
  /** Which of the hosts is next. */
  #turn = 0;
  #blocked: string | undefined;
  #lastError: string | undefined;
  readonly #first = new FirstAttempt();
  #user = '';

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The live connection, or undefined while there is none. */
  get model(): ChannelModel | undefined {
    return this.#model;
  }

  /** Why the broker takes no messages (memory or disk alarm), or undefined while it does. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  /** Why there is no connection, for people. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** The user as which it is connected. */
  get user(): string {
    return this.#user;
  }

  /** Calls `listener` now if the connection is up, and after every reconnection. Answers how to unsubscribe. */
  onUp(listener: Listener): () => void {
    this.#onUp.add(listener);
    if (this.#model !== undefined) listener(this.#model);
    return () => this.#onUp.delete(listener);
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Begins to connect, and does not wait: a service is useful, or at least answers, without its broker. */
  start(): void {
    this.#running ??= this.#keepConnected();
  }

  /**
   * Resolves when the first attempt to connect has ended, well or not, or takes long.
   *
   * @throws AccessRefusedError if the broker refused the login, the vhost, or what `prepare` asked for.
   */
  attempted(): Promise<void> {
    return this.#first.wait();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#first.ended();
    if (this.#model !== undefined) await settledWithin(this.#model.close(), CLOSE_TIMEOUT_MS);
    // A broker that is frozen answers neither a close nor a greeting; its socket goes with the process.
    if (this.#model === undefined && this.#running !== undefined) {
      await settledWithin(this.#running, CLOSE_TIMEOUT_MS);
    }
  }

  async #keepConnected(): Promise<void> {
    const { log, name, random = Math.random } = this.#options;
    for (let attempt = 0; !this.#isStopping(); attempt += 1) {
      if (attempt > 0) await pause(backoffMs(attempt, RECONNECT, random), this.#stopping.signal);
      if (this.#isStopping()) return;
      const url = this.#nextUrl();
      try {
        const { ended } = await this.#connectOnce(url);
        this.#first.ended();
        attempt = 0;
        this.#lastError = await ended;
        if (this.#isStopping()) return;
        log.warn({ connection: name, reason: this.#lastError }, 'broker connection lost');
      } catch (error) {
        const refusal = refusedLogin(error, url) ?? refusedAccess(error);
        this.#first.ended(refusal);
        this.#lastError = refusal?.message ?? (error instanceof Error ? error.message : String(error));
        const about = { connection: name, attempt, reason: this.#lastError };
        if (refusal === undefined) log.warn(about, 'broker not reachable, trying again');
        else log.error(about, 'broker refuses what this program needs, trying again');
      }
    }
  }

  /** Whatever becomes of it: a host that was lost is the last to be asked again, as it may be frozen. */
  #nextUrl(): URL {
    const { urls } = this.#options;
    const url = new URL(urls[this.#turn % urls.length] ?? 'amqp://127.0.0.1');
    this.#turn += 1;
    // A heartbeat of 0 would switch them off, and a silent broker would never be noticed.
    if (!Number(url.searchParams.get('heartbeat'))) {
      url.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
    }
    return url;
  }

  /**
   * Connects and prepares; `ended` resolves with the reason when the connection is gone. One that dies
   * while it is being prepared rejects, and so leads to the next attempt.
   */
  async #connectOnce(url: URL): Promise<{ ended: Promise<string> }> {
    const { name, log, prepare } = this.#options;
    const model = await connect(url.href, {
      timeout: HANDSHAKE_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: name },
    });

    gatherWrites(model);

    let reason = 'closed';
    let closed = false as boolean;
    // Without listeners an error would be uncaught; `close` follows every error.
    model.on('error', (error) => (reason = error.message));
    const ended = new Promise<string>((resolve) => {
      model.on('close', (error) => {
        closed = true;
        if (this.#model === model) this.#model = undefined;
        this.#blocked = undefined;
        resolve(error?.message ?? reason);
      });
    });
    model.on('blocked', (why) => {
      this.#blocked = why;
      log.warn({ connection: name, reason: why }, 'broker takes no messages for now');
    });
    model.on('unblocked', () => {
      this.#blocked = undefined;
      log.info({ connection: name }, 'broker takes messages again');
    });

    try {
      // Whichever is first: a channel call on a dying connection may never answer.
      await Promise.race([prepare(model), ended.then((why) => Promise.reject(new Error(why)))]);
      // It may have died in the same instant in which the last answer came.
      if (closed) throw new Error(reason);
      if (this.#isStopping()) throw new Error('shutting down');
    } catch (error) {
      await settledWithin(model.close(), CLOSE_TIMEOUT_MS);
      throw error;
    }
    this.#user = userOf(url);
    this.#model = model;
    log.info({ connection: name, host: url.host }, 'broker connected');
    for (const listener of this.#onUp) listener(model);
    return { ended };
  }
}
