import { RETRY_STEPS } from '@payfan/contracts';
import type { Clock } from './clock.ts';
import type { GuardedProvider } from './guarded-provider.ts';

/** What an attempt came to: `held` if the message is to be attempted again as soon as a provider works. */
export type Handled = 'done' | 'held';

export interface LanePauseOptions {
  providers: readonly Pick<GuardedProvider<never>, 'isFailing' | 'testDueInMs'>[];
  clock: Clock;
  /** Time since the commit after which an alert that still fails becomes a dead letter. */
  giveUpAfterMs: number;
  /** Called when the lane pauses, and when it goes on. */
  onChange: (isPaused: boolean) => void;
}

/**
 * RabbitMQ closes the channel of a consumer that keeps a message for 30 minutes (`consumer_timeout`), so a held message
 * goes back to its queue before that.
 */
const HOLD_MS = 20 * 60_000;
/** An alert takes all its retry steps, even if it has become too old by then. */
const ALL_STEPS_MS = RETRY_STEPS.reduce((sumMs, { delayMs }) => sumMs + delayMs, 0);

/** Why a message that waited may go on. */
type Wake = 'resumed' | 'test' | 'held too long';

interface Waiting {
  /** Its place in the order of arrival. */
  place: number;
  arrivedAtMs: number;
  /** How often it has tested the providers. */
  tests: number;
  wake: (why: Wake) => void;
}

/**
 * Pauses a lane while every provider of the lane fails. Its messages then wait unacknowledged, so that the broker sends
 * no more than the prefetch, and one message at a time tests the providers. Waiting uses up no attempt, and messages go
 * on in the order in which they arrived.
 */
export class LanePause {
  readonly #options: LanePauseOptions;
  /** In the order of arrival. */
  readonly #line: Waiting[] = [];
  readonly #ended: { fromMs: number; toMs: number }[] = [];
  #pausedAtMs: number | undefined;
  #isTesting = false;
  #arrivals = 0;
  #cancelTimer: () => void = () => undefined;
  #stopping: AbortSignal | undefined;

  constructor(options: LanePauseOptions) {
    this.#options = options;
  }

  get isPaused(): boolean {
    return this.#pausedAtMs !== undefined;
  }

  /** To be called when a provider begins to fail, or works again. */
  update(): void {
    const { providers, clock, giveUpAfterMs, onChange } = this.#options;
    const isPaused = providers.every((provider) => provider.isFailing());
    if (isPaused === this.isPaused) return;
    const nowMs = clock.wallClockMs();
    if (this.#pausedAtMs !== undefined) {
      this.#ended.push({ fromMs: this.#pausedAtMs, toMs: nowMs });
      // Pauses that ended before this concern no delivery that is still under way.
      const keptFromMs = nowMs - giveUpAfterMs - ALL_STEPS_MS;
      while (this.#ended[0] !== undefined && this.#ended[0].toMs < keptFromMs) this.#ended.shift();
    }
    this.#pausedAtMs = isPaused ? nowMs : undefined;
    onChange(isPaused);
    this.#wakeNext();
  }

  /** For how long of the time since then the lane was paused, as far as this process saw it. */
  pausedMsSince(wallClockMs: number): number {
    const nowMs = this.#options.clock.wallClockMs();
    const overlapMs = (fromMs: number, toMs: number) => Math.max(0, toMs - Math.max(fromMs, wallClockMs));
    let pausedMs = this.#pausedAtMs === undefined ? 0 : overlapMs(this.#pausedAtMs, nowMs);
    for (let index = this.#ended.length - 1; index >= 0; index -= 1) {
      const ended = this.#ended[index];
      if (ended === undefined || ended.toMs <= wallClockMs) break;
      pausedMs += overlapMs(ended.fromMs, ended.toMs);
    }
    return pausedMs;
  }

  /**
   * Attempts a message when the lane is not paused, or when it is the message that tests the providers; again and again
   * while the attempt's result is `held`.
   *
   * @param stopping aborted when messages are to wait no longer, because the process stops
   * @returns `held too long` if the message must go back to the broker
   */
  async run(attempt: () => Promise<Handled>, stopping: AbortSignal): Promise<'done' | 'held too long'> {
    const arrived = { place: this.#arrivals++, arrivedAtMs: this.#options.clock.nowMs(), tests: 0 };
    for (;;) {
      const why = this.isPaused ? await this.#wait(arrived, stopping) : 'resumed';
      if (why === 'held too long') return why;
      if (why === 'test') arrived.tests += 1;
      let handled: Handled = 'done';
      try {
        handled = await attempt();
      } finally {
        if (why === 'test') this.#isTesting = false;
        if (handled === 'done') this.#wakeNext();
      }
      if (handled === 'done') return 'done';
    }
  }

  #wait(arrived: Omit<Waiting, 'wake'>, stopping: AbortSignal): Promise<Wake> {
    if (stopping.aborted) return Promise.resolve('held too long');
    if (this.#stopping !== stopping) {
      this.#stopping = stopping;
      stopping.addEventListener('abort', () => this.#wakeAll('held too long'), { once: true });
    }
    return new Promise((wake) => {
      const after = this.#line.findLastIndex(({ place }) => place < arrived.place);
      this.#line.splice(after + 1, 0, { ...arrived, wake });
      this.#wakeNext();
    });
  }

  /** Wakes those that may go on now, and sees to it that it is called when the next one may. */
  #wakeNext(): void {
    this.#cancelTimer();
    if (!this.isPaused) {
      this.#wakeAll('resumed');
      return;
    }
    const [first] = this.#line;
    // All wait for what comes of a test, also those that have been held too long: the tested message comes before them.
    if (first === undefined || this.#isTesting) return;
    const { providers, clock } = this.#options;
    const heldForMs = clock.nowMs() - first.arrivedAtMs;
    if (heldForMs >= HOLD_MS) {
      this.#wakeAll('held too long');
      return;
    }
    const testDueInMs = Math.min(...providers.map((provider) => provider.testDueInMs()));
    if (testDueInMs > 0) {
      this.#cancelTimer = clock.after(Math.min(testDueInMs, HOLD_MS - heldForMs), () => this.#wakeNext());
      return;
    }
    this.#isTesting = true;
    // A message that fails for a reason of its own must not be the only one to test, or the pause would never end.
    const tester = this.#line.reduce((best, waiting) => (waiting.tests < best.tests ? waiting : best), first);
    this.#line.splice(this.#line.indexOf(tester), 1);
    tester.wake('test');
  }

  #wakeAll(why: Wake): void {
    this.#cancelTimer();
    for (const { wake } of this.#line.splice(0)) wake(why);
  }
}
