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

/** What is published waits for a connection, is sent once, and waits for its answer. */
export class Publishing {
  readonly #means: Means;
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

  send(link: Link): void {
    for (const [ref, publication] of this.#waiting) {
      if (publication.link !== undefined) continue;
      if (link.transport !== 'websocket') {
        this.#end(ref, { code: 'needs_websocket', retryable: true });
        continue;
      }
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

  *deadlines(): Generator<number> {
    for (const { by } of this.#waiting.values()) yield by;
  }

  #end(ref: number, failure?: LiveFailure): void {
    if (!this.#waiting.delete(ref)) return;
    this.#means.effect({ do: 'published', ref, ...(failure !== undefined && { failure }) });
  }
}
