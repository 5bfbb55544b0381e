import { gather, type Database } from '@payfan/database';
import { withDeadline, type Logger } from '@payfan/service';
import { Counter, type Registry } from 'prom-client';
import { rateLimited } from './limits.ts';
import { takeFromLimits, type Refusal, type Take } from './rate-limit-store.ts';

export interface RateLimiterOptions {
  /** A pool of its own, so that a stuck limit table takes no connection from transfers. */
  database: Database;
  logger: Logger;
  metrics: Registry;
  /** The time that counts; the database's clock unless given. */
  now?: () => Date;
  /** A store that does not answer within this has failed. */
  deadlineMs?: number;
}

/** Requests in one statement at most, and statements under way at once. */
const MAX_ITEMS = 500;
const CONCURRENCY = 2;
/** Much longer than a statement takes, and shorter than a person notices. */
const DEADLINE_MS = 500;
/** After a failure the store is left alone for this long, so that not every request waits for it. */
const COOL_DOWN_MS = 5_000;

/** Of the pool that a rate limiter works with. */
export const LIMITER_POOL = { max: CONCURRENCY, statementTimeoutMs: 2 * DEADLINE_MS };

/**
 * Counts requests against limits that all processes share. If the store fails, requests are let through: a limit
 * protects against abuse, and is no reason to stop payments.
 */
export class RateLimiter {
  readonly name = 'rate limits';
  readonly #options: RateLimiterOptions;
  readonly #take: (units: readonly Take[]) => Promise<Refusal | undefined>;
  readonly #failures: Counter;
  readonly #refused: Counter<'limit'>;
  #coolUntilMs = -Infinity;

  constructor(options: RateLimiterOptions) {
    this.#options = options;
    const { database, metrics, now, deadlineMs = DEADLINE_MS } = options;
    this.#take = gather({
      maxItems: MAX_ITEMS,
      concurrency: CONCURRENCY,
      work: (requests: (readonly Take[])[]) =>
        withDeadline({ timeoutMs: deadlineMs }, () => takeFromLimits(database, requests, now?.() ?? null)),
    });
    this.#failures = new Counter({
      name: 'payfan_rate_limit_store_failures_total',
      help: 'Requests that were let through uncounted because the store of the rate limits failed',
      registers: [metrics],
    });
    this.#refused = new Counter({
      name: 'payfan_rate_limited_total',
      help: 'Requests that a rate limit refused, by limit',
      labelNames: ['limit'],
      registers: [metrics],
    });
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return this.#options.database.stop();
  }

  /** Takes these units. Resolves to a refusal, in which case none was taken, or to undefined. Never rejects. */
  async take(units: readonly Take[]): Promise<Refusal | undefined> {
    if (units.length === 0) return undefined;
    if (performance.now() < this.#coolUntilMs) {
      this.#failures.inc();
      return undefined;
    }
    try {
      const refusal = await this.#take(units);
      if (refusal !== undefined) this.#refused.inc({ limit: refusal.limit.name });
      return refusal;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Takes these units. Rejects with a 429 Problem if a limit refuses them. */
  async assertAllowed(units: readonly Take[]): Promise<void> {
    const refusal = await this.take(units);
    if (refusal !== undefined) throw rateLimited(refusal.limit, refusal.waitSeconds);
  }

  #fail(error: unknown): void {
    this.#failures.inc();
    const nowMs = performance.now();
    // The requests of one batch fail together, and need one line.
    if (nowMs < this.#coolUntilMs) return;
    this.#coolUntilMs = nowMs + COOL_DOWN_MS;
    this.#options.logger.warn({ err: error }, 'rate limits cannot be counted: requests are let through');
  }
}
