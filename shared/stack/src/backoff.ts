const FIRST_MS = 200;
const LAST_MS = 5_000;
/** One that ran this long was healthy; its next end is a first one again. */
const HEALTHY_MS = 10_000;

/**
 * How many times in a row a process has ended early, counting the end just seen.
 */
export function endsInARow(before: number, uptimeMs: number): number {
  return uptimeMs >= HEALTHY_MS ? 1 : before + 1;
}

/** The wait before the next start: 0.2 s, doubled each time it ends early again, 5 s at most. */
export function restartDelayMs(ends: number): number {
  return Math.min(FIRST_MS * 2 ** (ends - 1), LAST_MS);
}
