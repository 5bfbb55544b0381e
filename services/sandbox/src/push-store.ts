import { createECDH, randomBytes } from 'node:crypto';
import type { ReceiverKeys } from './aes128gcm.ts';
import { Ring } from './ring.ts';

/** A browser that asked to be told. */
export interface PushSubscriber {
  readonly id: string;
  /** Whose messages it takes: base64url of the point. */
  readonly applicationServerKey: string;
  readonly keys: ReceiverKeys;
  /** False once it has unsubscribed. */
  readonly active: boolean;
}

/** What the browser would show. */
export interface PushMessage {
  readonly id: string;
  /** Counts from 1: a message with a higher one came later. */
  readonly sequence: number;
  readonly subscription: string;
  readonly topic: string | null;
  readonly urgency: string;
  readonly ttlSeconds: number;
  /** Deciphered. */
  readonly payload: string;
  /** How many messages under this topic it stands for. */
  readonly messages: number;
  /** ISO 8601, UTC: when the newest of them came. */
  readonly createdAt: string;
}

/** Beyond these the oldest are forgotten. */
const MAX_SUBSCRIPTIONS = 100_000;
const MAX_MESSAGES = 100_000;

interface PushStoreOptions {
  readonly now: () => number;
  readonly newId: () => string;
  readonly max?: number;
}

/**
 * Subscriptions, and the messages to them, in memory. As to a browser that is away all the time: a message takes
 * the place of the one before under the same topic (RFC 8030, 5.4).
 */
export class PushStore {
  readonly #subscribers = new Map<string, PushSubscriber>();
  readonly #order: Ring<string>;
  /** The newest of each topic are in it, and what they replaced is not shown. */
  readonly #messages: Ring<{ current: PushMessage }>;
  readonly #byTopic = new Map<string, { current: PushMessage }>();
  readonly #now: () => number;
  readonly #newId: () => string;
  #lastSequence = 0;

  constructor({ now, newId, max = MAX_MESSAGES }: PushStoreOptions) {
    this.#order = new Ring(MAX_SUBSCRIPTIONS);
    this.#messages = new Ring(max);
    this.#now = now;
    this.#newId = newId;
  }

  get length(): number {
    return this.#messages.length;
  }

  subscribe(applicationServerKey: string): PushSubscriber {
    const ecdh = createECDH('prime256v1');
    const publicKey = ecdh.generateKeys();
    // A key that begins with zeros comes out shorter.
    const privateKey = Buffer.from(ecdh.getPrivateKey('hex').padStart(64, '0'), 'hex');
    const keys = { publicKey, privateKey, auth: randomBytes(16) };
    const subscriber = { id: this.#newId(), applicationServerKey, keys, active: true };
    this.#subscribers.set(subscriber.id, subscriber);
    const dropped = this.#order.push(subscriber.id);
    if (dropped !== undefined) this.#subscribers.delete(dropped);
    return subscriber;
  }

  find(id: string): PushSubscriber | undefined {
    return this.#subscribers.get(id);
  }

  /** False if there is none. */
  unsubscribe(id: string): boolean {
    const subscriber = this.find(id);
    if (subscriber !== undefined) this.#subscribers.set(id, { ...subscriber, active: false });
    return subscriber !== undefined;
  }

  accept(message: Pick<PushMessage, 'subscription' | 'topic' | 'urgency' | 'ttlSeconds' | 'payload'>): {
    readonly kind: 'stored' | 'repeated';
    readonly message: PushMessage;
  } {
    this.#lastSequence += 1;
    const place = this.#byTopic.get(topicKey(message));
    const stored = {
      ...message,
      id: this.#newId(),
      sequence: this.#lastSequence,
      messages: (place?.current.messages ?? 0) + 1,
      createdAt: new Date(this.#now()).toISOString(),
    };
    if (place !== undefined) {
      place.current = stored;
      return { kind: 'repeated', message: stored };
    }
    const added = { current: stored };
    const dropped = this.#messages.push(added);
    if (dropped !== undefined) this.#byTopic.delete(topicKey(dropped.current));
    if (message.topic !== null) this.#byTopic.set(topicKey(message), added);
    return { kind: 'stored', message: stored };
  }

  /** Newest first, by the first message under each topic. */
  list({ subscription, limit }: { subscription?: string | undefined; limit: number }): PushMessage[] {
    const found: PushMessage[] = [];
    for (const { current } of this.#messages.newestFirst()) {
      if (found.length === limit) break;
      if (subscription === undefined || current.subscription === subscription) found.push(current);
    }
    return found;
  }

  /** Forgets all messages; subscriptions stay. */
  clear(): void {
    this.#messages.clear();
    this.#byTopic.clear();
  }
}

const topicKey = ({ subscription, topic }: Pick<PushMessage, 'subscription' | 'topic'>): string =>
  `${subscription}.${topic ?? ''}`;
