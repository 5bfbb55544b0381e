import type { LiveMessage } from './live-message.ts';

/** What a log holds after a number: some of it, in order and without gaps, beginning with the next or, if that is gone, with `firstSeq`. */
export interface LogPage {
  /** The oldest that is still kept; last + 1 if none is. */
  readonly firstSeq: number;
  /** 0 if there never was any. */
  readonly lastSeq: number;
  readonly events: readonly NumberedMessage[];
}

/** A message of a topic with a log. */
export type NumberedMessage = LiveMessage<number>;

/** Where a subscription stands when it begins. */
export interface Beginning {
  /** The last number of the topic; undefined for a topic without a log. */
  readonly seq?: number;
  /** True if the log no longer reaches back to what was asked for: what follows comes after `seq`. */
  readonly historyGone: boolean;
}

/** Somebody who follows a topic. */
export interface Subscriber {
  /** Once, before anything is told. */
  begun(beginning: Beginning): void;
  /** On a topic with a log: each number once, in order. */
  tell(message: LiveMessage): void;
  /** Resolves when it has room for more of the past; what is new is told all the same. */
  hasRoom(): Promise<void>;
  /** The topic cannot be continued where it was. It is told nothing more, and has to begin anew. */
  lost(): void;
}

/** How a topic reaches its log, and what it counts. */
export interface LogTopicOptions {
  /** A page after this number. Rejects while the log cannot be read. */
  readonly read: (after: number) => Promise<LogPage>;
  /** Only where the log stands. Rejects likewise. */
  readonly readHead: () => Promise<Pick<LogPage, 'firstSeq' | 'lastSeq'>>;
  /** Waits before another attempt, longer with each. Resolves early when everything ends. */
  readonly pause: (attempt: number) => Promise<void>;
  /** So many events were found in the log that live messages had not told. */
  readonly onFilled: (events: number) => void;
  /** The log is not a continuation of what was told from it. */
  readonly onBroken: (problem: { readonly told: number } & Pick<LogPage, 'firstSeq' | 'lastSeq'>) => void;
  /** Messages kept at most beyond a gap, and for those who are still being told of the past. */
  readonly mostKept?: number;
}

/** The log has them all, so whatever is not kept is only read again. */
const MOST_KEPT = 500;

/**
 * A topic whose events are numbered in a log. Live messages only make it fast: they may come twice, late, out
 * of order or never. Each subscriber gets every number after its own once and in order, because
 *
 * - a live message is told only if it is the next one; beyond a gap it waits, and the log fills the gap;
 * - a newcomer is told the past from the log, page by page, and joins the others at the very number where it
 *   has caught up with them.
 */
export class LogTopic {
  readonly #options: LogTopicOptions;
  readonly #mostKept: number;
  /** The last number told to those in `#live`; unknown until the log has been read. */
  #head: number | undefined;
  /** The highest number that we know to be in the log. */
  #known = 0;
  /** Live messages beyond the head. */
  readonly #early = new Map<number, NumberedMessage>();
  /** The last ones told, up to the head; kept only while somebody is joining. */
  #recent: NumberedMessage[] = [];
  readonly #live = new Set<Subscriber>();
  readonly #joining = new Set<Subscriber>();
  #catchingUp: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: LogTopicOptions) {
    this.#options = options;
    this.#mostKept = options.mostKept ?? MOST_KEPT;
  }

  get subscribers(): number {
    return this.#live.size + this.#joining.size;
  }

  /** Undefined until the log has been read. */
  get head(): number | undefined {
    return this.#head;
  }

  /** A live message. */
  arrive(message: NumberedMessage): void {
    if (this.#head !== undefined && message.seq <= this.#head) return;
    if (this.#head !== undefined && message.seq === this.#head + 1) {
      this.#advance(message);
      this.#takeEarly();
      return;
    }
    this.#known = Math.max(this.#known, message.seq);
    if (this.#early.size < this.#mostKept) this.#early.set(message.seq, message);
    void this.#catchUp();
  }

  /** The log was seen to reach to this number. Answers whether that was news. */
  heardOf(page: Pick<LogPage, 'firstSeq' | 'lastSeq'>): boolean {
    if (this.#head === undefined) return false;
    if (page.lastSeq < this.#head) {
      // Read before what has been told since, or a log that lost its end: reading again tells which.
      void this.#verify();
      return false;
    }
    if (page.lastSeq === this.#head) return false;
    this.#known = Math.max(this.#known, page.lastSeq);
    void this.#catchUp();
    return true;
  }

  /**
   * Tells a subscriber everything after a number, or without one what is new from now on. Resolves as soon as
   * it has begun; rejects if the log cannot be read, and then nothing has begun.
   */
  async subscribe(subscriber: Subscriber, after: number | undefined): Promise<void> {
    this.#joining.add(subscriber);
    try {
      await (after === undefined ? this.#joinAtHead(subscriber) : this.#joinAfter(subscriber, after));
    } catch (error) {
      this.unsubscribe(subscriber);
      throw error;
    }
  }

  /** Nothing more is told to it. */
  unsubscribe(subscriber: Subscriber): void {
    this.#live.delete(subscriber);
    this.#leaveJoining(subscriber);
  }

  /** Whatever is under way ends at its next step. */
  close(): void {
    this.#isClosed = true;
    this.#live.clear();
    this.#joining.clear();
  }

  async #joinAtHead(subscriber: Subscriber): Promise<void> {
    if (this.#head === undefined) this.#learn(0, { ...(await this.#options.readHead()), events: [] });
    if (!this.#joining.has(subscriber)) return;
    subscriber.begun({ seq: this.#headOr(0), historyGone: false });
    this.#join(subscriber);
  }

  async #joinAfter(subscriber: Subscriber, after: number): Promise<void> {
    if (after === this.#head) {
      subscriber.begun({ seq: after, historyGone: false });
      this.#join(subscriber);
      return;
    }
    const page = await this.#options.read(after);
    if (!this.#joining.has(subscriber)) return;
    this.#learn(after, page);
    const historyGone = page.firstSeq > after + 1 || page.lastSeq < after;
    subscriber.begun({
      seq: historyGone ? this.#headOr(page.lastSeq) : Math.max(this.#headOr(0), page.lastSeq),
      historyGone,
    });
    if (historyGone) this.#join(subscriber);
    else void this.#tellPast(subscriber, after, page);
  }

  /** Page after page, until the subscriber is where the others are. */
  async #tellPast(subscriber: Subscriber, after: number, first: LogPage): Promise<void> {
    let position = after;
    let page = first;
    for (let attempt = 0; ;) {
      if (page.firstSeq > position + 1 || page.lastSeq < position) {
        this.#leaveJoining(subscriber);
        subscriber.lost();
        return;
      }
      const before = position;
      for (const message of page.events) {
        if (message.seq !== position + 1) continue;
        subscriber.tell(message);
        position = message.seq;
        // It may have left because of what it was told.
        if (!this.#joining.has(subscriber)) return;
      }
      if (this.#joinFrom(subscriber, position)) return;
      await subscriber.hasRoom();
      // It was told more on another gateway than has come here yet.
      if (position > this.#headOr(0)) await this.#catchUp();
      if (!this.#joining.has(subscriber) || this.#joinFrom(subscriber, position)) return;
      attempt = position === before ? attempt + 1 : 0;
      if (attempt > 0) await this.#options.pause(attempt);
      page = await this.#readUntilItCan(position, () => this.#joining.has(subscriber));
      if (!this.#joining.has(subscriber)) return;
      this.#learn(position, page);
    }
  }

  /** Joins the others, if what they have been told beyond this number is at hand. */
  #joinFrom(subscriber: Subscriber, position: number): boolean {
    const head = this.#headOr(0);
    const missing = head - position;
    if (missing < 0 || missing > this.#recent.length) return false;
    for (const message of this.#recent.slice(this.#recent.length - missing)) subscriber.tell(message);
    if (this.#joining.has(subscriber)) this.#join(subscriber);
    return true;
  }

  #join(subscriber: Subscriber): void {
    this.#live.add(subscriber);
    this.#leaveJoining(subscriber);
  }

  #leaveJoining(subscriber: Subscriber): void {
    this.#joining.delete(subscriber);
    if (this.#joining.size === 0) this.#recent = [];
  }

  /** Takes from a page that was read after a number what it tells about the topic. */
  #learn(after: number, page: LogPage): void {
    if (this.#head === undefined) {
      this.#head = page.lastSeq;
      this.#takeEarly();
    }
    // Read in the middle of what we know: the rest of the page tells the others, too, if it joins on.
    if (after <= this.#head) this.#takeEvents(page.events);
    this.#known = Math.max(this.#known, page.lastSeq);
    void this.#catchUp();
  }

  /** Fills what is missing up to the highest number known; one at a time. */
  #catchUp(): Promise<void> {
    if (!this.#isBehind()) return this.#catchingUp ?? Promise.resolve();
    this.#catchingUp ??= this.#fill().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  #isBehind(): boolean {
    return this.#head !== undefined && this.#head < this.#known && !this.#isClosed;
  }

  async #fill(): Promise<void> {
    for (let attempt = 0; this.#isBehind();) {
      const from = this.#headOr(0);
      const known = this.#known;
      const page = await this.#readUntilItCan(from, () => this.#isBehind());
      if (!this.#isBehind()) return;
      if (this.#breaks(from, page)) return;
      const filled = this.#takeEvents(page.events);
      if (filled > 0) this.#options.onFilled(filled);
      // A number that was not in the log, although it was read after the number had come, is none of the log's.
      if (page.lastSeq < known) this.#forgetBeyond(page.lastSeq);
      attempt = this.#headOr(0) > from ? 0 : attempt + 1;
      if (attempt > 0 && this.#isBehind()) await this.#options.pause(attempt);
    }
  }

  /** Whether the log ends before what has been told, or begins after it. */
  async #verify(): Promise<void> {
    const told = this.#headOr(0);
    const page = await this.#readUntilItCan(told, () => !this.#isClosed && this.#head === told);
    if (!this.#isClosed) this.#breaks(told, page);
  }

  /**
   * A log that does not join on to what was told from it, such as one that was restored from an old copy:
   * everybody has to begin anew.
   */
  #breaks(told: number, page: LogPage): boolean {
    if (page.lastSeq >= told && page.firstSeq <= told + 1) return false;
    if (this.#headOr(0) !== told) return false;
    this.#options.onBroken({ told, firstSeq: page.firstSeq, lastSeq: page.lastSeq });
    const subscribers = [...this.#live, ...this.#joining];
    this.#head = page.lastSeq;
    this.#known = page.lastSeq;
    this.#early.clear();
    this.#recent = [];
    this.#live.clear();
    this.#joining.clear();
    for (const subscriber of subscribers) subscriber.lost();
    return true;
  }

  #forgetBeyond(lastSeq: number): void {
    for (const seq of this.#early.keys()) if (seq > lastSeq) this.#early.delete(seq);
    this.#known = Math.max(lastSeq, this.#headOr(0), ...this.#early.keys());
  }

  /** Tells those that are next. Answers how many were. */
  #takeEvents(events: readonly NumberedMessage[]): number {
    let taken = 0;
    for (const message of events) {
      if (message.seq !== this.#headOr(0) + 1) continue;
      this.#advance(message);
      taken += 1;
    }
    this.#takeEarly();
    return taken;
  }

  #takeEarly(): void {
    for (const seq of this.#early.keys()) if (seq <= this.#headOr(0)) this.#early.delete(seq);
    for (;;) {
      const next = this.#early.get(this.#headOr(0) + 1);
      if (next === undefined) return;
      this.#early.delete(next.seq);
      this.#advance(next);
    }
  }

  #advance(message: NumberedMessage): void {
    this.#head = message.seq;
    this.#known = Math.max(this.#known, message.seq);
    if (this.#joining.size > 0) {
      this.#recent.push(message);
      if (this.#recent.length > this.#mostKept) this.#recent.shift();
    }
    for (const subscriber of this.#live) subscriber.tell(message);
  }

  async #readUntilItCan(after: number, isWanted: () => boolean): Promise<LogPage> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#options.read(after);
      } catch {
        // Whoever reads counts and logs it.
        await this.#options.pause(attempt);
        if (!isWanted()) return { firstSeq: after + 1, lastSeq: after, events: [] };
      }
    }
  }

  #headOr(otherwise: number): number {
    return this.#head ?? otherwise;
  }
}
