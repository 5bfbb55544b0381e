import type { ChannelModel } from 'amqplib';
import type { Topology } from '@payfan/contracts';
import { AccessRefusedError } from './access-refused.ts';
import { pause, spreadMs } from './backoff.ts';
import type { Connection } from './connection.ts';
import type { Log } from './log.ts';
import { declareTopology, type Declared, type Hindrance } from './declare-topology.ts';
import { settledWithin } from './within.ts';

export interface TopologyKeeperOptions {
  /** Those that may be used, best first. One that publishes is blocked by an alarm, so one that does not is better. */
  connections: readonly Pick<Connection, 'model' | 'blocked'>[];
  topology: Topology;
  log: Log;
  /** How often everything is declared again, on average. */
  everyMs?: number;
  /** How long a round may take before nobody waits for it any more. */
  answerTimeoutMs?: number;
  random?: () => number;
}

/**
 * The longest that one binding of several can be gone, which nothing tells of: the other queues still get
 * their copies, so nothing is returned. A round is some hundred questions.
 */
const EVERY_MS = 30_000;
/** Between two, however many ask for it: what one round did not heal, the next will not either. */
const REST_MS = 1_000;
/** A channel may never open on a dying connection, whose heartbeats end it by then; a round takes far less time. */
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Sees to it that exchanges, queues and bindings which are deleted while we are connected come back: now and
 * then, and at once when a message or a consumer finds them missing. A failure never costs the connection.
 *
 * An exchange is created again only by the program that owns it, which knows all of its bindings: with some of them
 * it would deliver to some queues only. While a queue of another program is missing, nothing is published to an
 * exchange that has to lead there.
 *
 * A binding cannot be asked for, only declared: what was published between its deletion and the next round
 * has not reached its queue, and nothing here can tell.
 */
export class TopologyKeeper {
  readonly #options: Required<TopologyKeeperOptions>;
  readonly #stopping = new AbortController();
  readonly #hindrances = new Map<string, Hindrance>();
  #refusal: string | undefined;
  #reported = '';
  /** Connections on which a round has begun and not ended: they answer nothing, so they are not asked again. */
  readonly #asked = new WeakSet<ChannelModel>();
  #wants: string[] = [];
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #restUntilMs = -Infinity;
  #started = false;

  constructor(options: TopologyKeeperOptions) {
    this.#options = {
      everyMs: EVERY_MS,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      random: Math.random,
      ...options,
    };
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#keep();
  }

  /** Begins nothing any more; a round under way ends with its connection. */
  stop(): void {
    this.#stopping.abort();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Why nothing may be published to this exchange now, or undefined if it leads to all of its queues. */
  hindrance(exchange: string): Hindrance | undefined {
    return this.#hindrances.get(exchange);
  }

  /** Which right the broker refused when the topology was last declared. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /**
   * Declares everything on a fresh connection, before anything is published or consumed on it.
   *
   * @throws TopologyMismatchError, AccessRefusedError
   */
  async prepare(model: ChannelModel): Promise<void> {
    const { refused } = await declareTopology(model, this.#options.topology, this.#hindrances);
    if (refused[0] !== undefined) throw refused[0];
    this.#reportHindrances();
  }

  /** Whether this exchange is one of ours to declare. */
  declares(exchange: string): boolean {
    return this.#options.topology.exchanges.some(({ name }) => name === exchange);
  }

  /**
   * Declares everything again, at most once a second for all who ask; resolves when that is done, or cannot
   * be done now. Never rejects. A round that has begun may have passed what is missing: who asks then gets
   * the next one.
   *
   * @param why what was found missing, for the log
   */
  restore(why: string): Promise<void> {
    this.#wants.push(why);
    return this.#nextRound();
  }

  #nextRound(): Promise<void> {
    this.#next ??= this.#last.then(() => this.#round());
    this.#last = this.#next;
    return this.#next;
  }

  async #keep(): Promise<void> {
    const { everyMs, random } = this.#options;
    while (!this.#isStopping()) {
      // Events wait until a round finds the missing queue of another program, so the next round comes soon.
      const untilNextMs = this.#hindrances.size > 0 ? REST_MS : spreadMs(everyMs, random);
      await pause(untilNextMs, this.#stopping.signal);
      await this.#nextRound();
    }
  }

  async #round(): Promise<void> {
    const { connections, topology, log, answerTimeoutMs } = this.#options;
    await pause(Math.max(0, this.#restUntilMs - performance.now()), this.#stopping.signal);
    const wants = this.#wants;
    this.#wants = [];
    this.#next = undefined;
    const free = connections.find(
      ({ model, blocked }) => model !== undefined && blocked === undefined && !this.#asked.has(model),
    );
    // Without a connection there is nothing to do: a new one declares everything before it is used.
    if (this.#isStopping() || free?.model === undefined) return;
    const { model } = free;
    this.#asked.add(model);
    const work = declareTopology(model, topology, this.#hindrances)
      .then(
        (found) => this.#report(wants, found),
        (error: unknown) => {
          if (!this.#isStopping()) log.warn({ reason: String(error) }, 'topology not declared again');
        },
      )
      .finally(() => this.#asked.delete(model));
    await settledWithin(work, answerTimeoutMs);
    this.#restUntilMs = performance.now() + REST_MS;
  }

  #report(wants: string[], { restored, absent, refused }: Declared): void {
    const { log } = this.#options;
    const why = [...new Set(wants)];
    if (restored.length > 0) {
      log.warn({ restored, why }, 'queues or exchanges were gone and have been declared again');
    } else if (wants.length > 0) {
      log.info(
        { why },
        'bindings have been declared again; the queues and exchanges were there, so one of them may have been gone',
      );
    }
    if (absent.length > 0) {
      log.warn(
        { absent },
        'exchanges of other programs are gone; the programs that own them declare them again',
      );
    }
    for (const error of refused) log.error({ err: error }, 'topology not as it should be');
    this.#refusal = refused.find((error) => error instanceof AccessRefusedError)?.message;
    this.#reportHindrances();
  }

  /** Once for each change, as rounds follow each other quickly while something is missing. */
  #reportHindrances(): void {
    const found = [...this.#hindrances.values()].map(({ why }) => why);
    const reported = found.join();
    if (reported !== this.#reported && found.length > 0) {
      this.#options.log.error({ why: found }, 'nothing is published to an exchange that lacks a queue');
    }
    this.#reported = reported;
  }
}
