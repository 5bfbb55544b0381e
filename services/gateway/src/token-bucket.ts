/** So many a second on average, with a burst of four seconds' worth: a client subscribes to all it has at once. */
const BURST_SECONDS = 4;

/** Counts what a client does against what it may. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #atMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#most = perSecond * BURST_SECONDS;
    this.#tokens = this.#most;
    this.#atMs = nowMs;
  }

  /** False if it was one too many. */
  take(nowMs: number): boolean {
    const refill = ((nowMs - this.#atMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#most, this.#tokens + refill);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
