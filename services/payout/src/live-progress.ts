import { liveMessageOf, PAYOUT_PROGRESS, payoutTopic, type LiveEvent } from '@payfan/contracts';
import type { Broker } from '@payfan/messaging';
import type { Logger } from '@payfan/service';
import type { StoredPayout } from './payout-store.ts';

/** Unconfirmed at most: progress that is late is of no use. */
const WINDOW = 100;

/**
 * Tells gateways how far payouts are, as it happens. This is only speed: nobody waits for it and nothing is tried
 * again, since whoever asks for the payout finds the same.
 */
export class LiveProgress {
  readonly #broker: Pick<Broker, 'publish'>;
  readonly #logger: Logger;
  #unconfirmed = 0;

  constructor(broker: Pick<Broker, 'publish'>, logger: Logger) {
    this.#broker = broker;
    this.#logger = logger;
  }

  /** Returns at once, and never throws. */
  tell({ payout, version }: StoredPayout): void {
    if (this.#unconfirmed >= WINDOW) return;
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
      .finally(() => (this.#unconfirmed -= 1));
  }
}
