import { setImmediate as othersTurn, setTimeout as pause } from 'node:timers/promises';
import { gather } from '@payfan/database';

/** Messages of bulk work at a time: so many share one statement for their claims, and one for what came of them. */
const BATCH = 16;
/** Of those, alerts handed over at once: what a person's alert may find before it in the event loop is a few milliseconds. */
const STEP = 4;
/** How long bulk work waits for people's alerts in hand at most, so that it always moves. */
const PATIENCE_MS = 20;

/** How many people's alerts this process has in hand. */
export class PeopleFirst {
  #inHand = 0;
  #onNone: () => void = () => undefined;

  /** Does the work of a person's alert. */
  async first<T>(work: () => Promise<T>): Promise<T> {
    this.#inHand += 1;
    try {
      return await work();
    } finally {
      this.#inHand -= 1;
      if (this.#inHand === 0) this.#onNone();
    }
  }

  /** Resolves when none is in hand, or patience is at its end. For one at a time. */
  noneInHand(): Promise<void> {
    if (this.#inHand === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PATIENCE_MS);
      this.#onNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Starts a piece of work when it is its turn, and ends as it does. */
export type HandOver = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Hands bulk's alerts over a few at a time, each time after those of people in hand. The next few do not wait for
 * what comes of these: a provider that is slow would hold up all of them.
 */
export function inSmallSteps(people: PeopleFirst): HandOver {
  const inTurn = gather({
    maxItems: STEP,
    async work(works: (() => Promise<unknown>)[]) {
      // Alerts of people that have arrived meanwhile are in hand only once the event loop has looked.
      await othersTurn();
      await people.noneInHand();
      // Wrapped, as it is not waited for here.
      return works.map((work) => ({ outcome: work() }));
    },
  });
  return async <T>(work: () => Promise<T>) => (await inTurn(work)).outcome as Promise<T>;
}

export interface GiveWayOptions {
  people: PeopleFirst;
  /** Of one processor's time, in (0, 1]. */
  share: number;
  /** Aborted when the process is to end: then what is in hand is finished without rest. */
  stopping: AbortSignal;
}

/**
 * Bulk work that leaves room: in batches, each after the people's alerts in hand, and with so much rest
 * that this process uses no more than a share of a processor for it. Waiting for providers counts as rest. A
 * processor that is always busy makes everybody wait, however many queues and consumers there are.
 */
export function giveWay<Item, Result>(
  { people, share, stopping }: GiveWayOptions,
  work: (item: Item) => Promise<Result>,
): (item: Item) => Promise<Result> {
  let notBeforeMs = 0;
  const inTurn = gather({
    maxItems: BATCH,
    async work(items: Item[]) {
      const restMs = Math.max(0, notBeforeMs - performance.now());
      await pause(restMs, undefined, { signal: stopping }).catch(() => undefined);
      await people.noneInHand();
      const beganMs = performance.now();
      const began = process.cpuUsage();
      const settled = await Promise.allSettled(items.map(work));
      const { user, system } = process.cpuUsage(began);
      notBeforeMs = beganMs + (user + system) / 1_000 / share;
      return settled;
    },
  });
  return async (item) => {
    const outcome = await inTurn(item);
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  };
}
