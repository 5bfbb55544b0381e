import type { LiveEvent } from './protocol.ts';

/** A stretch of a topic that nobody can tell any more. */
export interface Gap {
  topic: string;
  /** The last number that the subscriber was told. */
  after: number;
  /** What follows this number is told again. */
  resumesAfter: number;
  /** Where the present state can be read, if the gateway says. It holds at least everything up to `resumesAfter`. */
  snapshot?: string;
}

export interface OwnGap {
  subscriber: number;
  gap: Gap;
}

interface Cursor {
  /** The last number told; undefined until it is known where to begin. */
  last: number | undefined;
  /** Nothing up to it is told again; only a log that begins anew goes below it. */
  floor: number;
  /** Waits for the number at which it resumes. */
  gap: { after: number; snapshot: string | undefined } | undefined;
}

/** How many ids of events without a number are remembered, to know repeats by. */
const REMEMBERED_IDS = 1_000;

/** `words.*`: all topics that begin so. */
export const isPattern = (topic: string): boolean => topic.endsWith('.*');

/**
 * Who follows a topic, and where each of them stands. Whatever connections bring, in whatever order and however
 * often: each subscriber is told each number after its own once, in order, or of a gap.
 *
 * A subscriber that does not say where it begins does so where the topic stands.
 */
export class Topic {
  readonly name: string;
  /** When to leave it, as nobody is here any more. */
  leaveAt: number | undefined;
  readonly #cursors = new Map<number, Cursor>();
  readonly #ids = new Set<string>();
  /** The furthest number told: newcomers begin here, also after a moment without any subscriber. */
  #lead: number | undefined;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#cursors.size;
  }

  /** Whether events of this name are for its subscribers: it is the topic, or `words.*`. */
  covers(topic: string): boolean {
    return topic === this.name || (isPattern(this.name) && topic.startsWith(this.name.slice(0, -1)));
  }

  /** What to ask the log for: everything after this number. Undefined: only what is new. */
  from(): number | undefined {
    let least: number | undefined;
    for (const { last } of this.#cursors.values()) {
      if (last !== undefined) least = Math.min(last, least ?? last);
    }
    return this.#cursors.size === 0 ? this.#lead : least;
  }

  /** The furthest number that a subscriber claims to know beyond this one; undefined if none does. */
  beyond(number: number): number | undefined {
    const furthest = Math.max(...[...this.#cursors.values()].map(({ last }) => last ?? 0));
    return furthest > number ? furthest : undefined;
  }

  /**
   * @param after the last number that the subscriber knows
   * @param head how far the topic is known to reach, though not all of it may have been told yet; 0 if unknown
   */
  add(subscriber: number, after: number | undefined, head: number): void {
    const last = after ?? (this.#lead === undefined ? undefined : Math.max(head, this.#lead));
    this.#cursors.set(subscriber, { last, floor: last ?? 0, gap: undefined });
    if (after !== undefined) this.#lead = Math.max(after, this.#lead ?? after);
  }

  remove(subscriber: number): void {
    this.#cursors.delete(subscriber);
  }

  /**
   * An event of a connection.
   *
   * @returns to whom it is to be told; whether it is news to anybody; and whether somebody lacks what was before it.
   */
  offer(event: LiveEvent): { tell: number[]; gaps: OwnGap[]; isNew: boolean; hole: boolean } {
    // A pattern has no log of its own, so what comes through it is told as it comes.
    if (event.seq === undefined || event.topic !== this.name) return this.#offerUnnumbered(event);
    const { seq } = event;
    const tell: number[] = [];
    const gaps: OwnGap[] = [];
    let hole = false;
    for (const [subscriber, cursor] of this.#cursors) {
      if (cursor.last === undefined && seq > cursor.floor)
        gaps.push(...this.#begin(subscriber, cursor, seq - 1));
      if (cursor.last === undefined || seq <= cursor.last) continue;
      if (seq > cursor.last + 1) {
        hole = true;
        continue;
      }
      cursor.last = seq;
      tell.push(subscriber);
    }
    const isNext = this.#cursors.size === 0 && this.#lead !== undefined && seq === this.#lead + 1;
    if (tell.length > 0 || isNext) this.#lead = Math.max(seq, this.#lead ?? seq);
    return { tell, gaps, isNew: tell.length > 0, hole };
  }

  /**
   * The gateway follows the topic for us.
   *
   * @param asked the number it was asked to begin after
   * @param head the last number of the topic; undefined if it has no numbers
   */
  begun(asked: number | undefined, head: number | undefined): OwnGap[] {
    const at = asked ?? head;
    if (at === undefined) return [];
    const gaps: OwnGap[] = [];
    for (const [subscriber, cursor] of this.#cursors) {
      if (cursor.last !== undefined) continue;
      gaps.push(
        ...this.#begin(
          subscriber,
          cursor,
          asked === undefined ? at : Math.max(at, Math.min(cursor.floor, head ?? Infinity)),
        ),
      );
    }
    this.#lead = Math.max(at, this.#lead ?? at);
    return gaps;
  }

  /**
   * The log does not reach back to what was asked for. Whoever stood there is told so as soon as it is known
   * where it goes on.
   *
   * @param head where the gateway goes on by itself; undefined if it is to be asked again
   */
  gone(asked: number, head: number | undefined, snapshot: string | undefined): OwnGap[] {
    // A log that ends before what was told from it is another one, for everybody who is beyond its end.
    const end = head !== undefined && head < asked ? head : Infinity;
    for (const cursor of this.#cursors.values()) {
      if (cursor.last === undefined || (cursor.last !== asked && cursor.last <= end)) continue;
      cursor.gap ??= { after: cursor.last, snapshot };
      cursor.floor = cursor.last;
      cursor.last = undefined;
    }
    if (this.#lead !== undefined && (this.#lead <= asked || this.#lead > end)) this.#lead = undefined;
    return head === undefined ? [] : this.begun(undefined, head);
  }

  #begin(subscriber: number, cursor: Cursor, at: number): OwnGap[] {
    const { gap } = cursor;
    Object.assign(cursor, { last: at, floor: at, gap: undefined });
    if (gap === undefined || gap.after === at) return [];
    const { after, snapshot } = gap;
    const told = { topic: this.name, after, resumesAfter: at, ...(snapshot !== undefined && { snapshot }) };
    return [{ subscriber, gap: told }];
  }

  #offerUnnumbered(event: LiveEvent) {
    const key = `${event.topic} ${event.id}`;
    const isNew = !this.#ids.has(key);
    if (isNew) {
      this.#ids.add(key);
      const [oldest] = this.#ids;
      if (this.#ids.size > REMEMBERED_IDS && oldest !== undefined) this.#ids.delete(oldest);
    }
    return { tell: isNew ? [...this.#cursors.keys()] : [], gaps: [], isNew, hole: false };
  }
}
