import { Ring } from './ring.ts';

export interface Sms {
  /** The gateway's own id. */
  readonly id: string;
  /** Counts from 1: a message with a higher one was accepted later. */
  readonly sequence: number;
  /** Chosen by the client: the same reference is the same message. */
  readonly reference: string;
  /** E.164. */
  readonly to: string;
  readonly body: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export type Acceptance =
  | { readonly kind: 'stored' | 'repeated'; readonly message: Sms }
  /** Another message has this reference. */
  | { readonly kind: 'conflict'; readonly message: Sms };

/** Beyond this many the oldest messages are forgotten, and their references are free again. */
const MAX_SMS = 100_000;

interface SmsStoreOptions {
  readonly now: () => number;
  readonly newId: () => string;
  readonly max?: number;
}

/** Accepted messages, in memory. */
export class SmsStore {
  readonly #messages: Ring<Sms>;
  readonly #byReference = new Map<string, Sms>();
  readonly #now: () => number;
  readonly #newId: () => string;
  #lastSequence = 0;

  constructor({ now, newId, max = MAX_SMS }: SmsStoreOptions) {
    this.#messages = new Ring(max);
    this.#now = now;
    this.#newId = newId;
  }

  get length(): number {
    return this.#messages.length;
  }

  accept({ reference, to, body }: Pick<Sms, 'reference' | 'to' | 'body'>): Acceptance {
    const known = this.#byReference.get(reference);
    if (known !== undefined) {
      const same = known.to === to && known.body === body;
      return { kind: same ? 'repeated' : 'conflict', message: known };
    }
    this.#lastSequence += 1;
    const createdAt = new Date(this.#now()).toISOString();
    const message = { id: this.#newId(), sequence: this.#lastSequence, reference, to, body, createdAt };
    const dropped = this.#messages.push(message);
    if (dropped !== undefined) this.#byReference.delete(dropped.reference);
    this.#byReference.set(reference, message);
    return { kind: 'stored', message };
  }

  find(reference: string): Sms | undefined {
    return this.#byReference.get(reference);
  }

  /**
   * Newest first.
   *
   * @param before only messages with a lower sequence
   */
  list({
    to,
    before = Infinity,
    limit,
  }: {
    to?: string | undefined;
    before?: number | undefined;
    limit: number;
  }): Sms[] {
    const found: Sms[] = [];
    for (const message of this.#messages.newestFirst()) {
      if (found.length === limit) break;
      if (message.sequence < before && (to === undefined || message.to === to)) found.push(message);
    }
    return found;
  }

  clear(): void {
    this.#messages.clear();
    this.#byReference.clear();
  }
}
