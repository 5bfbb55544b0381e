import { ApiError } from './api-error.ts';

const MOST_RETRIES = 2;

/** What is worth another attempt without asking anybody: reads that nobody answered, or that came too early. */
export function isWorthRetrying(failures: number, error: unknown): boolean {
  return failures < MOST_RETRIES && error instanceof ApiError && error.isRetryable;
}

/** Half a second and one second, or as long as the service asks for. */
export function retryDelayMs(failures: number, error: unknown): number {
  const asked = error instanceof ApiError ? error.retryAfterSeconds : undefined;
  return asked === undefined ? 500 * 2 ** failures : asked * 1_000;
}
