import { setTimeout as delay } from 'node:timers/promises';

/** The condition did not come true in time. */
export class WaitTimeout extends Error {
  constructor(what: string, timeoutMs: number, last: unknown) {
    const reason = last === undefined ? '' : `: ${messageOf(last)}`;
    super(`${what} did not happen within ${timeoutMs / 1000} s${reason}`);
    this.name = 'WaitTimeout';
  }
}

export interface WaitOptions {
  /** Completes "… did not happen within 30 s". */
  what: string;
  timeoutMs: number;
  intervalMs?: number;
  signal?: AbortSignal;
}

/** Tries `attempt` until it neither throws nor answers false. The last reason is in the error. */
export async function waitFor(
  attempt: () => Promise<unknown>,
  { what, timeoutMs, intervalMs = 50, signal }: WaitOptions,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      if ((await attempt()) !== false) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new WaitTimeout(what, timeoutMs, last);
    await delay(intervalMs, undefined, signal === undefined ? {} : { signal });
  }
}

/** Under jest an error of Node's own is not an instance of the tests' `Error`. */
function messageOf(thrown: unknown): string {
  const { message = '', name = '' } = Object(thrown) as { message?: string; name?: string };
  return message || name || String(thrown);
}
