import type { ItemOutcome } from './item-store.ts';

/** Lines of one payout or several, and how many of them named a payee without a wallet. */
export interface UnknownPayees {
  lines: number;
  unknownPayees: number;
}

/** A file of salaries has some wrong numbers, the more the longer it is, and must still be paid. */
const TOLERATED_UNKNOWN_PERCENT = 5;

/** @param perHour unknown payees that any payout may name, however short it is; 0 switches the limit off */
export function hasTooManyUnknownPayees({ lines, unknownPayees }: UnknownPayees, perHour: number): boolean {
  const isBeyondShare = unknownPayees * 100 > lines * TOLERATED_UNKNOWN_PERCENT;
  return perHour > 0 && unknownPayees > perHour && isBeyondShare;
}

/** How many of these lines failed because their payee has no wallet. */
export const countUnknownPayees = (outcomes: readonly ItemOutcome[]): number =>
  outcomes.filter(({ code }) => code === 'recipient_not_found').length;
