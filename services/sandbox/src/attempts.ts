import { Ring } from './ring.ts';

/** One delivery that somebody tried on us, whatever came of it. */
export interface Attempt {
  /** Counts from 1 and has no gaps. */
  readonly sequence: number;
  /** ISO 8601, UTC: when it arrived. */
  readonly time: string;
  /** SMS: the client's reference; mail: the Message-ID; Web Push: the Topic. Empty where the attempt did not get far enough to name it. */
  readonly reference: string;
  readonly to: string;
  readonly outcome: Outcome;
  /** What was answered: HTTP status or SMTP code; null for no answer. */
  readonly status: number | null;
}

/**
 * - `stored`: taken, and new (a mail is always new: an inbox shows a mail sent twice twice)
 * - `repeated`: an SMS that was here before under this reference, and nothing new was stored; or a push message
 *   that took the place of the one before under this topic
 * - `hung`: stored unless it was here before, and never answered
 * - `failed`, `throttled`: refused for now; `rejected`: refused for good; none of them is stored
 * - `conflict`: the reference belongs to another SMS; `invalid`: not understood
 */
export const OUTCOMES = [
  'stored',
  'repeated',
  'hung',
  'failed',
  'throttled',
  'rejected',
  'conflict',
  'invalid',
] as const;
type Outcome = (typeof OUTCOMES)[number];

export interface AttemptFilter {
  readonly reference?: string | undefined;
  readonly to?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** Only those with a higher sequence. */
  readonly after: number;
  readonly limit: number;
}

/** Beyond this many the oldest are forgotten. A full log takes some 200 MB. */
const MAX_ATTEMPTS = 1_000_000;

/** Mail clients choose what they send as an id or an address; the log keeps no more than this of either. */
export const MAX_ATTEMPT_TEXT_LENGTH = 1_000;

type Entry = Omit<Attempt, 'time'> & { readonly timeMs: number };

/** Every attempt in order of arrival. Doubles, gaps and retries are counted against this log. */
export class AttemptLog {
  readonly #entries: Ring<Entry>;
  readonly #counts = new Map<string, number>();
  readonly #now: () => number;
  #lastSequence = 0;

  constructor({ now, max = MAX_ATTEMPTS }: { now: () => number; max?: number }) {
    this.#entries = new Ring(max);
    this.#now = now;
  }

  get length(): number {
    return this.#entries.length;
  }

  record(attempt: Pick<Attempt, 'reference' | 'to' | 'outcome' | 'status'>): void {
    this.#lastSequence += 1;
    const entry = {
      ...attempt,
      reference: textOfItsOwn(attempt.reference),
      to: textOfItsOwn(attempt.to),
      sequence: this.#lastSequence,
      timeMs: this.#now(),
    };
    const dropped = this.#entries.push(entry);
    this.#count(entry.reference, 1);
    if (dropped !== undefined) this.#count(dropped.reference, -1);
  }

  /** How many attempts in the log bear this reference. */
  countOf(reference: string): number {
    return this.#counts.get(reference) ?? 0;
  }

  /** Oldest first. */
  list({ after, limit, ...wanted }: AttemptFilter): Attempt[] {
    const found: Attempt[] = [];
    if (wanted.reference !== undefined && this.countOf(wanted.reference) === 0) return found;
    const firstSequence = this.#lastSequence - this.#entries.length + 1;
    for (let index = Math.max(0, after + 1 - firstSequence); found.length < limit; index += 1) {
      const entry = this.#entries.at(index);
      if (entry === undefined) break;
      if (wanted.reference !== undefined && entry.reference !== wanted.reference) continue;
      if (wanted.to !== undefined && entry.to !== wanted.to) continue;
      if (wanted.outcome !== undefined && entry.outcome !== wanted.outcome) continue;
      const { timeMs, ...rest } = entry;
      found.push({ ...rest, time: new Date(timeMs).toISOString() });
    }
    return found;
  }

  /** Forgets them all; the sequence goes on. */
  clear(): void {
    this.#entries.clear();
    this.#counts.clear();
  }

  #count(reference: string, by: 1 | -1): void {
    const count = this.countOf(reference) + by;
    if (count > 0) this.#counts.set(reference, count);
    else this.#counts.delete(reference);
  }
}

/** V8 cuts a piece out of a text by pointing into it: without a copy, the log would keep every mail whole. */
function textOfItsOwn(text: string): string {
  return Buffer.from(text.slice(0, MAX_ATTEMPT_TEXT_LENGTH)).toString();
}
