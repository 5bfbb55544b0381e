import type { Figure } from './figure.ts';
import { median } from './statistics.ts';

/** A figure of what each round came to, and its median. */
export function overRounds(figure: Omit<Figure, 'value' | 'rounds'>, rounds: readonly number[]): Figure {
  return { ...figure, value: median(rounds), rounds };
}

/** Round by round, as neighbours in time had the same machine. */
export function ratios(ours: readonly number[], yardstick: readonly number[]): number[] {
  return ours.map((value, round) => value / (yardstick[round] ?? Number.NaN));
}

/** Does the work and answers how much of it was done in a second. */
export async function perSecond(amount: number, work: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return amount / ((performance.now() - beganMs) / 1_000);
}
