import type { Clock } from './clock.ts';

/** What a call showed of the provider; of a failure also how long the provider asked to be left alone, 0 if not at all. */
export type CallResult = { works: true } | { works: false; retryAfterMs: number; refusesUs: boolean };

/**
 * `closed`: calls are made. `open`: the provider is skipped. `due`: still open, and the next call tests the provider.
 * `testing`: that call is under way.
 */
export type BreakerState = 'closed' | 'open' | 'due' | 'testing';

export interface CircuitBreakerOptions {
  clock: Pick<Clock, 'nowMs'>;
  /** Called when the breaker opens, and when it closes again; not when a test fails. */
  onChange: (state: 'open' | 'closed') => void;
}

/** One failure may be an accident of one message; so many in a row are the provider's own. */
const FAILURES_IN_A_ROW = 10;
/** How long a provider is skipped before one call tests it: twice as long after each failed test, up to the longest. */
const FIRST_OPEN_MS = 10_000;
const LONGEST_OPEN_MS = 60_000;
/** A provider that refuses Payfan itself must be mended by people, and may block clients that ask too often. */
const LONGEST_REFUSED_MS = 3_600_000;

/** Notices that a provider keeps failing, and lets one call at a time find out whether it works again. */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failuresInARow = 0;
  /** Undefined while it is closed. */
  #open: { dueAtMs: number; openMs: number } | undefined;
  #test: { ended: Promise<void>; end: () => void } | undefined;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    if (this.#open === undefined) return 'closed';
    if (this.#test !== undefined) return 'testing';
    return this.dueInMs() > 0 ? 'open' : 'due';
  }

  /** How long until a call may test the provider; 0 if that may be now. */
  dueInMs(): number {
    return Math.max(0, (this.#open?.dueAtMs ?? 0) - this.#options.clock.nowMs());
  }

  /** Resolves when no test is under way. */
  async testEnded(): Promise<void> {
    await this.#test?.ended;
  }

  /**
   * Makes a call, which must not throw. The first one that is made when a test is due is the test.
   *
   * @param judge what the call's result shows
   */
  async run<Result>(call: () => Promise<Result>, judge: (result: Result) => CallResult): Promise<Result> {
    const isTest = this.state === 'due';
    if (isTest) this.#beginTest();
    const result = await call();
    const shown = judge(result);
    if (shown.works) this.#close();
    else this.#fail(shown, isTest);
    if (isTest) this.#endTest();
    return result;
  }

  #beginTest(): void {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    this.#test = { ended, end };
  }

  #endTest(): void {
    this.#test?.end();
    this.#test = undefined;
  }

  #close(): void {
    this.#failuresInARow = 0;
    if (this.#open === undefined) return;
    this.#open = undefined;
    this.#options.onChange('closed');
  }

  #fail({ retryAfterMs, refusesUs }: CallResult & { works: false }, isTest: boolean): void {
    const nowMs = this.#options.clock.nowMs();
    const isFirst = this.#open === undefined;
    if (isFirst) {
      this.#failuresInARow += 1;
      if (!refusesUs && this.#failuresInARow < FAILURES_IN_A_ROW) return;
    }
    // Calls that were under way when it opened do not make the steps longer, but what they were asked for counts.
    let { openMs, dueAtMs } = this.#open ?? { openMs: FIRST_OPEN_MS, dueAtMs: nowMs + FIRST_OPEN_MS };
    if (isTest && !isFirst) {
      openMs = Math.min(2 * openMs, refusesUs ? LONGEST_REFUSED_MS : LONGEST_OPEN_MS);
      dueAtMs = nowMs + openMs;
    }
    this.#open = { openMs, dueAtMs: Math.max(dueAtMs, nowMs + retryAfterMs) };
    if (isFirst) this.#options.onChange('open');
  }
}
