import { backoffMs, pause, type Backoff } from '@payfan/messaging';
import type { Part } from '@payfan/service';

/** Waiting before another attempt, for whoever needs it; ended when everything ends. */
export class Retry implements Part {
  readonly name = 'retries';
  readonly #backoff: Backoff;
  readonly #ending = new AbortController();

  constructor(backoff: Backoff) {
    this.#backoff = backoff;
  }

  /** @param attempt 1 before the first repeat */
  readonly pause = (attempt: number): Promise<void> =>
    pause(backoffMs(attempt, this.#backoff, Math.random), this.#ending.signal);

  start(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#ending.abort();
    return Promise.resolve();
  }
}
