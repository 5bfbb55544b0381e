import type { Means } from './following.ts';
import type { Link } from './link.ts';
import type { Reply } from './protocol.ts';
import type { LiveFailure } from './signals.ts';

interface Publication {
  topic: string;
  type: string;
  data: unknown;
  /** When to give up. */
  by: number;
  /** Where it went. */
  link: number | undefined;
}

/** Nobody knows whether it was told: sent again, it might be told twice. */
const UNANSWERED: LiveFailure = { code: 'unanswered', retryable: false };

/** So much may go at once. */
const BURST_MS = 1_000;

/** What is published waits for a connection, is sent once, and waits for its answer. */
export class Publishing {
  readonly #means: Means;
  /** When as many will have gone as there may be on average. */
  #paidUntil = 0;
  readonly #waiting = new Map<number, Publication>();

  constructor(means: Means) {
    this.#means = means;
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  add(ref: number, publication: Omit<Publication, 'by' | 'link'>, now: number): void {
    const by = now + this.#means.settings.answerMs;
    this.#waiting.set(ref, { ...publication, by, link: undefined });
  }

  send(link: Link, now: number): void {
    for (const [ref, publication] of this.#waiting) {
      if (publication.link !== undefined) continue;
      if (this.#paidUntil > now + BURST_MS) return;
      if (link.transport !== 'websocket') {
        this.#end(ref, { code: 'needs_websocket', retryable: true });
        continue;
      }
      this.#paidUntil = Math.max(now, this.#paidUntil) + 1_000 / this.#means.settings.publishesPerSecond;
      publication.link = link.id;
      const id = this.#means.nextId();
      link.requests.set(id, { about: 'publish', ref });
      const { topic, type, data } = publication;
      this.#means.effect({ do: 'send', link: link.id, frame: { id, t: 'publish', topic, type, data } });
    }
  }

  answer(ref: number, { ok, error }: Reply): void {
    if (ok) {
      this.#end(ref);
      return;
    }
    const { code = 'unknown', retryable = false, detail } = error ?? {};
    this.#end(ref, { code, retryable, ...(detail !== undefined && { detail }) });
  }

  /** The connection is gone. */
  lost(link: number): void {
    for (const [ref, publication] of this.#waiting) if (publication.link === link) this.#end(ref, UNANSWERED);
  }

  expire(now: number): void {
    for (const [ref, { by, link }] of this.#waiting) {
      // What never left can be repeated.
      if (by <= now) this.#end(ref, { ...UNANSWERED, retryable: link === undefined });
    }
  }

  failAll(failure: LiveFailure): void {
    for (const ref of this.#waiting.keys()) this.#end(ref, failure);
  }

  /** @param canSend there is a connection */
  *deadlines(canSend: boolean): Generator<number> {
    for (const { by, link } of this.#waiting.values()) {
      yield by;
      if (canSend && link === undefined) yield this.#paidUntil - BURST_MS;
    }
  }

  #end(ref: number, failure?: LiveFailure): void {
    if (!this.#waiting.delete(ref)) return;
    this.#means.effect({ do: 'published', ref, ...(failure !== undefined && { failure }) });
  }
}
