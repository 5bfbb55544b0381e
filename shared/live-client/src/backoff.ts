/** Ceiling of the first pause, and of the longest. */
export interface Backoff {
  firstMs: number;
  longestMs: number;
}

/**
 * The pause before attempt `attempt` (1 is the first repeat), with full jitter:
 * `sleep = random(0, min(cap, base · 2^attempt))`, of the policies compared there the one with the least work
 * for the server: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * Invariant: 0 ≤ result < min(longestMs, firstMs · 2^(attempt−1)).
 *
 * @param random between 0 inclusive and 1 exclusive
 */
export function fullJitterMs(attempt: number, { firstMs, longestMs }: Backoff, random: () => number): number {
  return random() * Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
}
