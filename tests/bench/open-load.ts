import { setTimeout as delay } from 'node:timers/promises';
import { IdleSockets } from './idle-sockets.ts';
import { transferRequest } from './transfer-request.ts';

export interface OpenLoadOptions {
  /** Where the transaction service answers. */
  url: string;
  /** How many people of `openBenchAccounts` pay each other. */
  accounts: number;
  /** Arrivals, at even distances. */
  perSecond: number;
}

/** A transfer that was answered with 201. */
export interface Completed {
  id: string;
  /** When its request was to be sent, by the wall clock (Unix time in milliseconds, with fractions). */
  intendedMs: number;
  /** From then to the answer. */
  latencyMs: number;
}

export interface OpenLoadResult {
  completed: Completed[];
  /** How often a transfer was answered otherwise, by status; under 0 those without an answer. */
  refused: Map<number, number>;
}

/** Unix time in milliseconds, with fractions; on one machine the same clock as PostgreSQL's. */
export const wallMs = (): number => performance.timeOrigin + performance.now();

/**
 * Transfers at a set rate, whether or not earlier ones are answered: a system that slows down gets no relief.
 * A latency counts from when the request was to be sent, so that a stall also costs those that had to wait
 * behind it (https://www.scylladb.com/2021/04/22/on-coordinated-omission/).
 */
export class OpenLoad {
  readonly #options: OpenLoadOptions;
  readonly #sockets: IdleSockets;
  readonly #running: Promise<void>;
  readonly #open = new Set<Promise<void>>();
  readonly #result: OpenLoadResult = { completed: [], refused: new Map() };
  #stopped = false;

  constructor(options: OpenLoadOptions) {
    this.#options = options;
    this.#sockets = new IdleSockets(options.url);
    this.#running = this.#run();
  }

  /** No more arrivals; resolves when all that arrived are answered. */
  async stop(): Promise<OpenLoadResult> {
    this.#stopped = true;
    await this.#running;
    await Promise.all(this.#open);
    this.#sockets.close();
    return this.#result;
  }

  /** As `stop`, for a load whose figures would mean nothing if any transfer was refused. */
  async stopWithoutRefusal(): Promise<Completed[]> {
    const { completed, refused } = await this.stop();
    if (refused.size > 0) {
      const statuses = [...refused].map(([status, count]) => `${count} with ${status}`).join(', ');
      throw new Error(`transfers were refused, so the figures would mean nothing: ${statuses}`);
    }
    return completed;
  }

  async #run(): Promise<void> {
    const beganMs = wallMs();
    const intendedMs = (n: number) => beganMs + (n * 1_000) / this.#options.perSecond;
    for (let sent = 0; !this.#stopped;) {
      for (const nowMs = wallMs(); intendedMs(sent) <= nowMs; sent += 1) {
        const work = this.#pay(intendedMs(sent)).finally(() => this.#open.delete(work));
        this.#open.add(work);
      }
      // Never long, so that stopping is heard of soon.
      await delay(Math.min(Math.max(intendedMs(sent) - wallMs(), 1), 100));
    }
  }

  async #pay(intendedMs: number): Promise<void> {
    const answer = await this.#sockets.ask(transferRequest(this.#options.accounts));
    const id = /"id":"([0-9a-f-]{36})"/.exec(answer.body)?.[1];
    if (answer.status === 201 && id !== undefined) {
      this.#result.completed.push({ id, intendedMs, latencyMs: wallMs() - intendedMs });
      return;
    }
    const { refused } = this.#result;
    refused.set(answer.status, (refused.get(answer.status) ?? 0) + 1);
  }
}
