import { liveMessageOf, PAYOUT_PROGRESS, payoutTopic, type LiveEvent } from '@payfan/contracts';
import type { Broker } from '@payfan/messaging';
import type { Logger } from '@payfan/service';
import type { StoredPayout } from './payout-store.ts';

/** Unconfirmed at most; what comes beyond waits, and of each payout only the newest. */
const WINDOW = 100;

/**
 * Tells gateways how far payouts are, as it happens. This is only speed: nobody waits for it and nothing is tried
 * again, since whoever asks for the payout finds the same. Where it cannot keep up, what is in between is left out;
 * how a payout ended is not.
 */
export class LiveProgress {
  readonly #broker: Pick<Broker, 'publish'>;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, StoredPayout>();
  #unconfirmed = 0;

  constructor(broker: Pick<Broker, 'publish'>, logger: Logger) {
    this.#broker = broker;
    this.#logger = logger;
  }

  /** Returns at once, and never throws. */
  tell(stored: StoredPayout): void {
    if (this.#unconfirmed < WINDOW) this.#publish(stored);
    else this.#waiting.set(stored.payout.id, stored);
  }

  #publish({ payout, version }: StoredPayout): void {
    const topic = payoutTopic(payout.id);
    const id = `${topic}.${version}`;
    const event: LiveEvent = {
      t: 'event',
      topic,
      id,
      type: PAYOUT_PROGRESS,
      time: payout.updatedAt,
      data: payout,
    };
    this.#unconfirmed += 1;
    this.#broker
      .publish(liveMessageOf(event))
      .catch((error: unknown) => this.#logger.debug({ err: error, topic }, 'progress not told live'))
      .finally(() => {
        this.#unconfirmed -= 1;
        const [next] = this.#waiting.values();
        if (next === undefined) return;
        this.#waiting.delete(next.payout.id);
        this.#publish(next);
      });
  }
}
