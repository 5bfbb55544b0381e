import { setTimeout as pause } from 'node:timers/promises';

/** People are about for so long after one of them last sent money. */
const ABOUT_MS = 1_000;
/** Lines of a payout in one commit while they are: what a person's transfer may find before it is a few milliseconds. */
const GENTLE_SLICE = 5;

export interface RoomForPeopleOptions {
  /** Of the time, what bulk may take while people are about; in (0, 1]. */
  share: number;
  /** A clock that never goes back, in milliseconds. */
  nowMs: () => number;
}

/**
 * Lets payouts use everything while nobody else is there, and little while people are: then their slices are small,
 * go one after the other however many payouts there are, and rest in between. A machine that is always busy makes
 * everybody wait, whoever comes first.
 */
export class RoomForPeople {
  readonly #options: RoomForPeopleOptions;
  #lastSeenMs = -Infinity;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: RoomForPeopleOptions) {
    this.#options = options;
  }

  /** To be called for each transfer of a person. */
  seen(): void {
    this.#lastSeenMs = this.#options.nowMs();
  }

  /** How many lines the next slice may have. */
  sliceOf(max: number): number {
    return this.#areAbout() ? Math.min(GENTLE_SLICE, max) : max;
  }

  /** Does a slice of bulk work when it is its turn. */
  async afterPeople<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#areAbout()) return work();
    const before = this.#turn;
    let pass: () => void = () => undefined;
    this.#turn = new Promise((resolve) => (pass = resolve));
    await before;
    const beganMs = this.#options.nowMs();
    try {
      return await work();
    } finally {
      void this.#rest(this.#options.nowMs() - beganMs).then(pass);
    }
  }

  /** Whoever leaves while bulk rests ends the rest with it, give or take a moment. */
  async #rest(tookMs: number): Promise<void> {
    const untilMs = this.#options.nowMs() + tookMs / this.#options.share - tookMs;
    for (;;) {
      const leftMs = untilMs - this.#options.nowMs();
      if (leftMs <= 0 || !this.#areAbout()) return;
      await pause(Math.min(leftMs, ABOUT_MS));
    }
  }

  #areAbout(): boolean {
    return this.#options.nowMs() - this.#lastSeenMs < ABOUT_MS;
  }
}
