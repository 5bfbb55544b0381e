import {
  REPLAY_LIMIT,
  type DeadLetterGroup,
  type LetterFilter,
  type ReplayOutcome,
} from '../api/operations.ts';
import { formatCount } from '../format/indian.ts';
import { lettersIn } from './letter-words.ts';

export const SLOWEST = 1;
export const FASTEST = 1_000;

/** A typed rate, in letters a second; undefined for one that cannot be. */
export function parseRate(text: string): number | undefined {
  const digits = text.trim();
  if (!/^\d{1,4}$/.test(digits)) return undefined;
  const rate = Number(digits);
  return rate >= SLOWEST && rate <= FASTEST ? rate : undefined;
}

/** Whether what was typed is the number asked for; grouping is as people like it. */
export const isConfirmed = (typed: string, letters: number): boolean =>
  typed.replaceAll(/[\s,]/g, '') === String(letters);

/** So many a call that it takes some seconds: then there is something to see, and a way to stop. */
export const limitAt = (ratePerSecond: number): number =>
  Math.min(REPLAY_LIMIT, ratePerSecond * SECONDS_A_CALL);
const SECONDS_A_CALL = 5;

/**
 * The open letters of these groups as they were shown, and none that died since: whoever calls until nothing
 * remains would else send round for ever what dies again at once.
 */
export function asShown(filter: LetterFilter, groups: readonly DeadLetterGroup[]): LetterFilter {
  const newest = Math.max(...groups.map(({ newestAt }) => Date.parse(newestAt)));
  if (!Number.isFinite(newest)) return filter;
  return { ...filter, until: new Date(newest + 1).toISOString() };
}

export interface Progress {
  replayed: number;
  remaining: number;
  /** Channels that did not answer: of their letters nothing is known. */
  unavailable: readonly string[];
}

/**
 * `500 of 1,200 letters replayed.` When no answer came to the last call, what it did is not known.
 *
 * @param how.isUnsure whether a call was lost
 */
export function replayedOf(
  replayed: number,
  letters: number,
  { isRunning, isUnsure }: { isRunning: boolean; isUnsure: boolean },
): string {
  const count = `${formatCount(replayed)} of ${lettersIn(letters)} replayed`;
  if (isRunning) return `${count} so far…`;
  return isUnsure ? `At least ${count}.` : `${count}.`;
}

interface RunOptions {
  onProgress: (progress: Progress) => void;
  /** Between two calls, never within one. */
  isStopped: () => boolean;
}

/**
 * Calls until nothing remains, or a call has moved nothing: what remains then is somebody else's, or its channel's
 * that is away.
 */
export async function replayAll(
  call: () => Promise<ReplayOutcome>,
  { onProgress, isStopped }: RunOptions,
): Promise<Progress> {
  let progress: Progress = { replayed: 0, remaining: 0, unavailable: [] };
  for (;;) {
    const { replayed, remaining, unavailable } = await call();
    progress = { replayed: progress.replayed + replayed, remaining, unavailable };
    onProgress(progress);
    if (remaining === 0 || replayed === 0 || isStopped()) return progress;
  }
}
