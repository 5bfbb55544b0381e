import { ApiError } from './api-error.ts';

const MOST_RETRIES = 2;

/** What is worth another attempt without asking anybody: reads that nobody answered, or that came too early. */
export function isWorthRetrying(failures: number, error: unknown): boolean {
  return failures < MOST_RETRIES && error instanceof ApiError && error.isRetryable;
}

/** A panel that waits for longer looks as if it were loading: it says rather what is wrong. */
const LONGEST_DELAY_MS = 5_000;

/** Half a second and one second, or as long as the service asks for, within reason. */
export function retryDelayMs(failures: number, error: unknown): number {
  const asked = error instanceof ApiError ? error.retryAfterSeconds : undefined;
  return asked === undefined ? 500 * 2 ** failures : Math.min(LONGEST_DELAY_MS, asked * 1_000);
}
