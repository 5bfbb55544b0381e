import type { Tier } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import { pause, type Broker } from '@payfan/messaging';
import type { Logger, Part } from '@payfan/service';
import { takeStalled } from './chunk-store.ts';
import { commitWithEvents, type Events } from './commit-with-events.ts';
import { turnOf, type Making } from './payout-events.ts';

export interface StalledOptions extends Making {
  lane: Tier;
  database: Database;
  outbox: Events;
  broker: Pick<Broker, 'ping'>;
  /** How long the worker has had nothing in hand: its queue is empty, then. */
  idleMs: () => number;
  logger: Logger;
  lookEveryMs?: number;
}

const LOOK_EVERY_MS = 10_000;
/** Payouts that get a new turn at once. */
const AT_ONCE = 50;

/**
 * Gives payouts a new turn whose turns are gone: with a queue that was deleted, say, or among what the broker gave
 * up on. Looks only while the worker is idle: in a crowded queue a turn is late, and not lost.
 */
export class Stalled implements Part {
  readonly name = 'stalled payouts';
  readonly #options: StalledOptions;
  readonly #stopping = new AbortController();
  #looking: Promise<void> | undefined;

  constructor(options: StalledOptions) {
    this.#options = options;
  }

  start(): Promise<void> {
    this.#looking ??= this.#keepLooking();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
  }

  async #keepLooking(): Promise<void> {
    const { idleMs, broker, logger, lookEveryMs = LOOK_EVERY_MS } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await pause(lookEveryMs, signal);
      if (signal.aborted) return;
      if (idleMs() < lookEveryMs) continue;
      try {
        await broker.ping();
        await this.#look();
      } catch (error) {
        logger.warn({ err: error }, 'stalled payouts not looked for, trying again');
      }
    }
  }

  async #look(): Promise<void> {
    const { lane, logger } = this.#options;
    const stalled = await commitWithEvents(this.#options, async (tx) => {
      const found = await takeStalled(tx, lane, AT_ONCE);
      return { value: found, events: found.map((payout) => turnOf(payout, this.#options)) };
    });
    if (stalled.length > 0) {
      logger.warn(
        { payouts: stalled.map(({ id }) => id) },
        'payouts had lost their turns: they get new ones',
      );
    }
  }
}
