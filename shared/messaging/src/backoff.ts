/** First and longest pause between two attempts at the same thing. */
export interface Backoff {
  firstMs: number;
  longestMs: number;
}

/**
 * The pause before attempt `attempt` (1 is the first repeat): doubling, capped, and with its upper half
 * random, so that a fleet that lost the same broker does not return in one instant.
 *
 * Invariant: ceiling/2 ≤ result ≤ ceiling, with ceiling = min(longestMs, firstMs · 2^(attempt−1)).
 */
export function backoffMs(attempt: number, { firstMs, longestMs }: Backoff, random: () => number): number {
  const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random();
}

/**
 * The pause between two rounds of what happens every `everyMs` on average, a quarter more or less: the services of a
 * fleet started together, and should not ask together.
 */
export function spreadMs(everyMs: number, random: () => number): number {
  return everyMs * (0.75 + 0.5 * random());
}

/** Resolves after `ms`, or as soon as the signal aborts, whichever is first. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
