/** What a channel needs of time, so that a test can let hours pass in seconds. */
export interface Clock {
  /** Milliseconds; only goes forward. */
  nowMs: () => number;
  /** Milliseconds since 1970, to compare with the time of an event. */
  wallClockMs: () => number;
  /** Calls `work` once, after so many milliseconds. Calling the answer prevents it. */
  after: (ms: number, work: () => void) => () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallClockMs: () => Date.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
