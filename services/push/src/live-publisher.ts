import type { ProviderSurroundings } from '@payfan/channel';
import { liveMessageOf } from '@payfan/contracts';
import { Counter } from 'prom-client';
import type { FeedEntry } from './feed-item.ts';
import { liveEventOf } from './live-event.ts';

/** Unconfirmed at most: a third of a second's worth at 6,000 a second. A broker that takes longer is in trouble. */
const WINDOW = 2_000;
/** Between two lines of the log about what did not get out. */
const REPORT_EVERY_MS = 10_000;

export interface LivePublisherOptions extends ProviderSurroundings {
  published: Counter<'outcome'>;
  window?: number;
}

/** To be shared by all publishers of a process. */
export const countLivePublishes = (): Counter<'outcome'> =>
  new Counter({
    name: 'live_publishes_total',
    help: 'Feed entries told to gateways: confirmed, failed, or skipped because too many were unconfirmed',
    labelNames: ['outcome'],
    registers: [],
  });

/**
 * Tells gateways of what has just been committed to a feed. This is only speed: what does not get out a
 * gateway finds in the feed, so nobody waits for it and nothing is tried again.
 */
export class LivePublisher {
  readonly #options: LivePublisherOptions;
  readonly #window: number;
  #unconfirmed = 0;
  #missed = 0;
  #reportedAtMs = -Infinity;

  constructor(options: LivePublisherOptions) {
    this.#options = options;
    this.#window = options.window ?? WINDOW;
  }

  /** Returns at once, and never throws. */
  tell(entry: FeedEntry): void {
    const { broker, published } = this.#options;
    if (this.#unconfirmed >= this.#window) {
      published.inc({ outcome: 'skipped' });
      this.#miss(`${this.#window} are unconfirmed`);
      return;
    }
    const event = liveEventOf(entry.accountId, entry);
    this.#unconfirmed += 1;
    broker
      .publish(liveMessageOf(event, `${event.topic}.${entry.seq}`))
      .then(
        () => published.inc({ outcome: 'confirmed' }),
        (error: unknown) => {
          published.inc({ outcome: 'failed' });
          this.#miss(String(error));
        },
      )
      .finally(() => (this.#unconfirmed -= 1));
  }

  #miss(reason: string): void {
    this.#missed += 1;
    const nowMs = performance.now();
    if (nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#options.logger.warn(
      { entries: this.#missed, reason },
      'feed entries not told live: gateways find them in the feed',
    );
    this.#reportedAtMs = nowMs;
    this.#missed = 0;
  }
}
