import { pause } from './backoff.ts';

/** Waits until `work` is done, well or not, but no longer than `limitMs`: a frozen broker answers nothing. */
export async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<void> {
  const settled = new AbortController();
  const done = work.catch(() => undefined).finally(() => settled.abort());
  await Promise.race([done, pause(limitMs, settled.signal)]);
}
