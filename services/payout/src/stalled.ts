import type { PayoutTurn, Tier } from '@payfan/contracts';
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
  /** Told how many payouts got a new turn. */
  onRenewed: (payouts: number) => void;
  logger: Logger;
  lookEveryMs?: number;
}

const LOOK_EVERY_MS = 10_000;
/** Payouts that get a new turn at once. */
const AT_ONCE = 50;
/** While the worker is idle its queue is empty: who has stood still for so long has no turn there. */
const STILL = { forMs: 10_000, quietSeconds: 60 };
/**
 * On a lane that is never idle turns are late, and not lost. But they come in their order, give or take what the
 * outbox does to it: who has not moved since so long before the newest turn that came has none. A new one may have
 * to wait as long as the queue is.
 */
const PASSED_OVER = { forMs: 600_000, quietSeconds: 3_600 };

/**
 * Gives payouts a new turn whose turns are gone: with a queue that was deleted, say, or among what the broker gave
 * up on. None waits for ever, however busy its lane.
 */
export class Stalled implements Part {
  readonly name = 'stalled payouts';
  readonly #options: StalledOptions;
  readonly #stopping = new AbortController();
  #looking: Promise<void> | undefined;
  #newestTurnMs = -Infinity;

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

  /** To be told of each turn that comes. */
  saw({ time, data }: PayoutTurn): void {
    if (data.lane === this.#options.lane) {
      this.#newestTurnMs = Math.max(this.#newestTurnMs, Date.parse(time));
    }
  }

  async #keepLooking(): Promise<void> {
    const { broker, logger, lookEveryMs = LOOK_EVERY_MS } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await pause(lookEveryMs, signal);
      if (signal.aborted) return;
      try {
        await broker.ping();
        await this.#look(lookEveryMs);
      } catch (error) {
        logger.warn({ err: error }, 'stalled payouts not looked for, trying again');
      }
    }
  }

  async #look(idleForMs: number): Promise<void> {
    const { lane, logger, idleMs, now, onRenewed } = this.#options;
    const isIdle = idleMs() >= idleForMs;
    const { forMs, quietSeconds } = isIdle ? STILL : PASSED_OVER;
    const servedUntilMs = isIdle ? now().getTime() : this.#newestTurnMs;
    if (servedUntilMs === -Infinity) return;
    const unmovedSince = new Date(servedUntilMs - forMs);
    const stalled = await commitWithEvents(this.#options, async (tx) => {
      const found = await takeStalled(tx, { lane, unmovedSince, quietSeconds, limit: AT_ONCE });
      return { value: found, events: found.map((payout) => turnOf(payout, this.#options)) };
    });
    if (stalled.length > 0) {
      onRenewed(stalled.length);
      logger.warn(
        { payouts: stalled.map(({ id }) => id) },
        'payouts had lost their turns: they get new ones',
      );
    }
  }
}
