import { setTimeout as delay } from 'node:timers/promises';
import { wallMs } from './open-load.ts';
import type { Stage } from './stage.ts';
import { whenAllTold } from './told.ts';

/** Little, as people are beside a crowd; 600 transfers, so six of them lie above p99. */
const PER_SECOND = 15;
export const MEASURED_MS = 40_000;
/** Programs that have just started are slow. */
export const WARM_UP_MS = 10_000;

/**
 * Has people pay each other now and then, and answers for each transfer, in milliseconds, how long it took from
 * when its request was to be sent to the last of its six deliveries, once all that began is warm.
 */
export async function timesOfPeople(stage: Stage): Promise<number[]> {
  const load = stage.load(PER_SECOND);
  await delay(WARM_UP_MS);
  const fromMs = wallMs();
  await delay(MEASURED_MS);
  const transfers = await load.stopWithoutRefusal();
  const told = await whenAllTold(stage.database, transfers);
  return told.filter((_, index) => (transfers[index]?.intendedMs ?? 0) >= fromMs);
}
