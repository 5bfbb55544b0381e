import { doneOf, type Payout } from '../api/payout.ts';
import { formatCount } from '../format/indian.ts';

/** In the order in which they are shown. */
const LANES = ['premium', 'free'] as const satisfies readonly Payout['lane'][];

/** How the payouts of a lane stand, of those that were asked for. */
export interface PayoutLane {
  lane: Payout['lane'];
  /** Payouts that are being paid. */
  underWay: number;
  /** Lines of theirs of which it is not known yet what becomes of them. */
  linesLeft: number;
  /** When the oldest of them was sent; undefined where there is none. */
  oldestAt: string | undefined;
  finished: number;
}

/** Payouts lane by lane, those without any too. They come newest first, as the API has them. */
export function byLane(payouts: readonly Payout[]): PayoutLane[] {
  return LANES.map((lane) => {
    const all = payouts.filter((payout) => payout.lane === lane);
    const underWay = all.filter(({ status }) => status === 'processing');
    return {
      lane,
      underWay: underWay.length,
      linesLeft: underWay.reduce((sum, payout) => sum + payout.total - doneOf(payout), 0),
      oldestAt: underWay.at(-1)?.createdAt,
      finished: all.length - underWay.length,
    };
  });
}

/** Where there are older payouts than were asked for, a count is of these alone. */
export const countOf = (count: number, isAll: boolean): string =>
  isAll ? formatCount(count) : `at least ${formatCount(count)}`;
