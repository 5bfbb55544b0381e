import { pause } from './backoff.ts';

/** Waits until `work` is done, well or not, but no longer than `limitMs`: a frozen broker answers nothing. */
export async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<void> {
  const settled = new AbortController();
  const done = work.catch(() => undefined).finally(() => settled.abort());
  await Promise.race([done, pause(limitMs, settled.signal)]);
}

/**
 * What `work` answers.
 *
 * @throws Unanswered if it does not within `limitMs`; what `work` throws.
 */
export async function answeredWithin<T>(work: Promise<T>, limitMs: number): Promise<T> {
  await settledWithin(work, limitMs);
  return Promise.race([work, Promise.reject(new Unanswered(limitMs))]);
}

class Unanswered extends Error {
  override readonly name = 'Unanswered';
  constructor(limitMs: number) {
    super(`the broker has not answered within ${limitMs} ms`);
  }
}
