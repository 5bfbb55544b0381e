import { payoutQueue, type Tier } from '@payfan/contracts';
import type { Broker, Incoming } from '@payfan/messaging';
import type { Part } from '@payfan/service';

export interface WorkerOptions {
  broker: Broker;
  lane: Tier;
  /** Chunks under way at once. */
  concurrency: number;
  /** Whether it also takes turns of the free lane, one at a time, beside its own. */
  helpsFree: boolean;
  onTurn: (message: Incoming) => Promise<void>;
}

/** Consumes a lane's turns, and knows whether it has anything to do. */
export class Worker implements Part {
  readonly name = 'worker';
  readonly #consumers: Part[];
  #inHand = 0;
  #idleSinceMs = performance.now();

  constructor({ broker, lane, concurrency, helpsFree, onTurn }: WorkerOptions) {
    const handler = async (message: Incoming) => {
      this.#inHand += 1;
      try {
        await onTurn(message);
      } finally {
        this.#inHand -= 1;
        this.#idleSinceMs = performance.now();
      }
    };
    this.#consumers = [broker.consume({ queue: payoutQueue(lane), prefetch: concurrency, handler })];
    if (helpsFree && lane !== 'free') {
      this.#consumers.push(broker.consume({ queue: payoutQueue('free'), prefetch: 1, handler }));
    }
  }

  get inHand(): number {
    return this.#inHand;
  }

  /** How long it has had nothing to do. */
  readonly idleMs = (): number => (this.#inHand > 0 ? 0 : performance.now() - this.#idleSinceMs);

  async start(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#consumers.map((consumer) => consumer.stop()));
  }
}
