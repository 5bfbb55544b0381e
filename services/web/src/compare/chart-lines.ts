import { WINDOW_MS, type Measured } from './measurements.ts';

export type Metric = 'freshness' | 'bytes' | 'requests';

export interface Point {
  /** Between 0 and 1, the present being 1. */
  x: number;
  value: number;
}

/** What is drawn of one transport: a line of costs, or a point for each event. */
export function pointsOf({ samples, costs }: Measured, metric: Metric, nowMs: number): Point[] {
  const all =
    metric === 'freshness'
      ? samples.map(({ atMs, lateMs }) => ({ atMs, value: lateMs }))
      : costs.map((cost) => ({ atMs: cost.atMs, value: cost[metric] }));
  return all
    .map(({ atMs, value }) => ({ x: 1 - (nowMs - atMs) / WINDOW_MS, value }))
    .filter(({ x }) => x >= 0 && x <= 1);
}

/** The end of an axis: 1, 2 or 5 times a power of ten, not below the largest value. */
export function axisEnd(largest: number): number {
  if (largest <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(largest));
  return power * ([1, 2, 5].find((step) => step * power >= largest) ?? 10);
}
