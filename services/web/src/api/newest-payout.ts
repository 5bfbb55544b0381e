import { doneOf, type Payout } from './payout.ts';

/** Of two states of a payout, whose lines only ever become done, the later one. */
export function newestOf(one: Payout | undefined, other: Payout | undefined): Payout | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const isOlder =
    doneOf(one) < doneOf(other) || (doneOf(one) === doneOf(other) && one.updatedAt < other.updatedAt);
  return isOlder ? other : one;
}
