import { fullJitterMs } from './backoff.ts';
import { verdictOn } from './closing.ts';
import type { Settings } from './settings.ts';

/** When to connect again. */
export class Retrying {
  /** Attempts in vain, one after the other. */
  failures = 0;
  /** The present pause, as it was when it began. */
  pauseMs = 0;
  at = 0;
  /** The gateway's own wish, which no impatience shortens. */
  #notBefore = 0;
  readonly #settings: Settings;
  readonly #random: () => number;

  constructor(settings: Settings, random: () => number) {
    this.#settings = settings;
    this.#random = random;
  }

  /** @param lastedMs how long the connection had been of use */
  failed(code: number | undefined, lastedMs: number, retryAfterMs: number, now: number): void {
    const { backoff, stableMs } = this.#settings;
    this.failures = lastedMs >= stableMs ? 1 : this.failures + 1;
    const verdict = verdictOn(code);
    const jitterMs = fullJitterMs(this.failures, backoff, this.#random);
    const leastMs = Math.max(
      retryAfterMs,
      verdict.then === 'resume' && verdict.pushedBack ? backoff.firstMs : 0,
    );
    this.#notBefore = now + leastMs;
    // A new token is all that was missing, the first time.
    this.pauseMs = leastMs + (verdict.then === 'renew' && this.failures === 1 ? 0 : jitterMs);
    this.at = now + this.pauseMs;
  }

  hurry(now: number): void {
    this.at = Math.max(this.#notBefore, Math.min(this.at, now));
  }

  reset(): void {
    this.failures = this.at = this.pauseMs = this.#notBefore = 0;
  }
}
