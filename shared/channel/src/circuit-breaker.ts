/** What a call showed of the provider: that it works, that it fails, or that it refuses Payfan itself. */
export type CallResult = 'works' | 'fails' | 'refuses us';

/**
 * `closed`: calls are made. `open`: the provider is skipped. `due`: still open, and the next call tests the provider.
 * `testing`: that call is under way.
 */
export type BreakerState = 'closed' | 'open' | 'due' | 'testing';

export interface CircuitBreakerOptions {
  /** A clock that only goes forward, in milliseconds. */
  nowMs: () => number;
  /** Called when the breaker opens, and when it closes again; not when a test fails. */
  onChange: (state: 'open' | 'closed') => void;
}

/** One failure may be an accident of one message; so many in a row are the provider's own. */
const FAILURES_IN_A_ROW = 10;
/** How long a provider is skipped before one call tests it: twice as long after each failed test, up to the longest. */
const FIRST_OPEN_MS = 10_000;
const LONGEST_OPEN_MS = 60_000;

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
    return Math.max(0, (this.#open?.dueAtMs ?? 0) - this.#options.nowMs());
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
    if (shown === 'works') this.#close();
    else if (isTest) this.#reopen();
    else this.#countFailure(shown);
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

  #reopen(): void {
    // A call from before the test may have closed it.
    if (this.#open === undefined) return;
    const openMs = Math.min(2 * this.#open.openMs, LONGEST_OPEN_MS);
    this.#open = { openMs, dueAtMs: this.#options.nowMs() + openMs };
  }

  /** Calls that were under way when it opened, or that were made in spite of it, do not keep it open for longer. */
  #countFailure(shown: 'fails' | 'refuses us'): void {
    if (this.#open !== undefined) return;
    this.#failuresInARow += 1;
    if (shown === 'fails' && this.#failuresInARow < FAILURES_IN_A_ROW) return;
    this.#open = { openMs: FIRST_OPEN_MS, dueAtMs: this.#options.nowMs() + FIRST_OPEN_MS };
    this.#options.onChange('open');
  }
}
