import type { Client } from '../connections.ts';
import type { LiveMessage } from '../live-message.ts';
import type { Subscriber } from '../log-topic.ts';

/** A request that waits for something to happen: until it does, or so long. */
export class Poll implements Client, Subscriber {
  readonly kind = 'poll';
  readonly messages: LiveMessage[] = [];
  /** Resolves when it is to be answered. */
  readonly over: Promise<void>;
  readonly #most: number;
  #finish: () => void = () => undefined;

  constructor(most: number, waitMs: number) {
    this.#most = most;
    this.over = new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#finish = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  begun(): void {
    // What it begins with was looked at before.
  }

  tell(message: LiveMessage): void {
    if (this.messages.length < this.#most) this.messages.push(message);
    // What comes in the same turn goes along.
    if (this.messages.length === 1) setImmediate(this.#finish);
  }

  /** Nothing more of the past: the client asks again. */
  hasRoom(): Promise<void> {
    return this.messages.length === 0 ? Promise.resolve() : new Promise<void>(() => undefined);
  }

  lost(): void {
    this.#finish();
  }

  lookAfter(): void {
    // Its own timer ends it.
  }

  askToLeave(): void {
    this.#finish();
  }

  sendAway(): void {
    this.#finish();
  }

  cut(): void {
    this.#finish();
  }
}
