import type { Fleet } from '../../live/fleet.ts';
import { areAtTheEnd, tally, type Tally, type Told } from '../../live/tally.ts';
import type { FaultRun } from './fault.ts';
import { until } from './look.ts';

/** Waits until every transfer is in the feeds and everybody at their end, and counts what they were told. */
export async function judgeLive(run: FaultRun, fleet: Fleet, followers: readonly Told[]): Promise<Tally> {
  await until('every transfer being in the feeds', () => fleet.isTold());
  const heads = await fleet.heads();
  try {
    await until('everybody being told', () => areAtTheEnd(followers, heads));
  } finally {
    run.live = tally(followers, heads);
  }
  return run.live;
}
