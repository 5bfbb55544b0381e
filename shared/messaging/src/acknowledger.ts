import type { Channel, ConsumeMessage } from 'amqplib';

/**
 * Acknowledges what one channel consumed. Messages that are done within one turn of the event loop are
 * acknowledged together, and by a single frame as far as none before them is still in hand.
 */
export class Acknowledger {
  readonly #channel: Pick<Channel, 'ack' | 'nack'>;
  /** Whether the channel can still be told. */
  readonly #isOpen: () => boolean;
  /** What is not acknowledged, in the order in which it came. */
  readonly #inHand = new Set<ConsumeMessage>();
  readonly #done = new Set<ConsumeMessage>();
  #scheduled = false;

  constructor(channel: Pick<Channel, 'ack' | 'nack'>, isOpen: () => boolean) {
    this.#channel = channel;
    this.#isOpen = isOpen;
  }

  /** To be called for every message, in the order in which they came. */
  took(message: ConsumeMessage): void {
    this.#inHand.add(message);
  }

  done(message: ConsumeMessage): void {
    this.#done.add(message);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.flush());
  }

  /** Returns a message to its queue, at once and hence in the order of the calls. */
  giveBack(message: ConsumeMessage): void {
    this.#inHand.delete(message);
    this.#channel.nack(message, false, true);
  }

  /** Sends now what would be sent at the end of the turn. */
  flush(): void {
    this.#scheduled = false;
    if (!this.#isOpen()) return;
    let upTo: ConsumeMessage | undefined;
    for (const message of this.#inHand) {
      if (!this.#done.delete(message)) break;
      this.#inHand.delete(message);
      upTo = message;
    }
    if (upTo !== undefined) this.#channel.ack(upTo, true);
    for (const message of this.#done) {
      this.#inHand.delete(message);
      this.#channel.ack(message);
    }
    this.#done.clear();
  }
}
