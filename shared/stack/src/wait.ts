import { setTimeout as delay } from 'node:timers/promises';

/**
 * How long a condition may take where the caller names no limit. It is generous, because it only decides how soon a
 * failure is reported: a machine that is five times slower than usual must not fail.
 */
export const WAIT_TIMEOUT_MS = 120_000;

/** The condition did not come true in time. */
export class WaitTimeout extends Error {
  constructor(what: string, timeoutMs: number, last: unknown) {
    const reason = last === undefined ? '' : `: ${messageOf(last)}`;
    super(`${what} did not happen within ${timeoutMs / 1000} s${reason}`);
    this.name = 'WaitTimeout';
  }
}

export interface WaitOptions {
  /** Completes "… did not happen within 120 s". */
  what: string;
  timeoutMs?: number;
  intervalMs?: number;
  signal?: AbortSignal;
}

/**
 * Tries `attempt` until it neither throws nor answers false. The limit also ends a wait for an attempt that never
 * settles. The last reason is in the error.
 */
export async function waitFor(
  attempt: () => Promise<unknown>,
  { what, timeoutMs = WAIT_TIMEOUT_MS, intervalMs = 50, signal }: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      if ((await settled(attempt(), deadline - performance.now())) !== false) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new WaitTimeout(what, timeoutMs, last);
    await delay(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}

/** Rejects if the attempt has not settled in time. */
async function settled(attempt: Promise<unknown>, timeoutMs: number): Promise<unknown> {
  const ended = new AbortController();
  const tooLate = delay(Math.max(timeoutMs, 0) + 1, undefined, { signal: ended.signal }).then(() => {
    throw new Error('the last attempt has not ended');
  });
  // When the attempt settles first, this rejects as aborted, and nothing waits for it.
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([attempt, tooLate]);
  } finally {
    ended.abort();
  }
}

/** Under jest an error of Node's own is not an instance of the tests' `Error`. */
function messageOf(thrown: unknown): string {
  const { message = '', name = '' } = Object(thrown) as { message?: string; name?: string };
  return message || name || String(thrown);
}
