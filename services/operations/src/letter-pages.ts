import type { DeadLetter } from '@payfan/contracts';
import { z } from 'zod';

/**
 * For each channel the id of its letter that was listed last, which is how a channel's own list is
 * continued. One that is not there starts at its newest.
 */
export type Position = Readonly<Record<string, string>>;

/** Part of a channel's list, newest first, and whether it goes on after these. */
export interface ChannelPage {
  data: DeadLetter[];
  nextCursor: string | null;
}

export interface MergedPage {
  data: DeadLetter[];
  /** Where the next page starts; null if there is none. */
  next: Position | null;
}

/**
 * Puts the channels' lists together, newest first, up to `limit`. Within a channel the order stays its
 * own, since its position goes by that: an order by time alone would lose or repeat a letter at the edge of
 * a page where the two disagree.
 *
 * @param isWhole false if a channel did not answer: the list goes on for as long as its letters may come
 */
export function mergePages(
  position: Position,
  pages: ReadonlyMap<string, ChannelPage>,
  { limit, isWhole }: { limit: number; isWhole: boolean },
): MergedPage {
  const rest = [...pages].map(([channel, { data }]) => ({ channel, letters: [...data] }));
  const data: DeadLetter[] = [];
  const reached: Record<string, string> = { ...position };
  while (data.length < limit) {
    const [newest] = rest
      .filter(({ letters }) => letters.length > 0)
      .sort((a, b) => headTime(b).localeCompare(headTime(a)));
    const letter = newest?.letters.shift();
    if (newest === undefined || letter === undefined) break;
    data.push(letter);
    reached[newest.channel] = letter.id;
  }
  const goesOn =
    !isWhole ||
    rest.some(({ letters }) => letters.length > 0) ||
    [...pages.values()].some(({ nextCursor }) => nextCursor !== null);
  return { data, next: goesOn ? reached : null };
}

/** Times of one format, which compare as texts. */
const headTime = ({ letters }: { letters: DeadLetter[] }) => letters[0]?.createdAt ?? '';

const Cursor = z.record(z.string(), z.string());

/** For clients a text to hand back, nothing more. */
export function toCursor(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Undefined for what is no cursor of ours. */
export function fromCursor(cursor: string): Position | undefined {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    return undefined;
  }
}
