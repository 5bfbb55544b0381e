import { z } from 'zod';
import { AmountMinor, Currency } from './money.ts';
import { PhoneNumber } from './phone-number.ts';
import { Note } from './text.ts';

/** Lines of a payout that comes as CSV, its header not counted. */
export const MAX_PAYOUT_ITEMS = 100_000;
/** The header line of a payout's CSV: these columns in this order. */
export const PAYOUT_CSV_COLUMNS = ['to', 'amount', 'currency', 'note'] as const;
/** An answer names this many of a payout's mistakes, and counts the others. */
export const MAX_PAYOUT_ERRORS_LISTED = 100;

/** One payment of a payout. */
export const PayoutItem = z
  .strictObject({
    to: PhoneNumber,
    amount: AmountMinor,
    currency: Currency,
    note: Note.default(''),
  })
  .meta({ id: 'PayoutItem' });
export type PayoutItem = z.output<typeof PayoutItem>;

/** What is wrong with one field of a line; the path is empty for the whole line. */
interface ItemError {
  path: string;
  message: string;
}

/** One line of a payout: the item, or why there is none. */
export type CheckedLine = {
  /** In a file counted from its header, which is line 1; in JSON the place of the item, from 1. */
  line: number;
  /** The line as it was sent. */
  sent: unknown;
} & ({ item: PayoutItem; errors?: never } | { item?: never; errors: readonly ItemError[] });

/** Checks one line by the rules of all payouts, whether it came as JSON or as CSV. */
export function checkLine(line: number, sent: unknown): CheckedLine {
  const result = PayoutItem.safeParse(sent);
  return result.success
    ? { line, sent, item: result.data }
    : { line, sent, errors: itemErrors(result.error.issues) };
}

/** The first mistake of each field: people mend a field as a whole. */
function itemErrors(issues: readonly z.core.$ZodIssue[]): ItemError[] {
  const messages = new Map<string, string>();
  for (const issue of issues) {
    const isUnknown = issue.code === 'unrecognized_keys';
    for (const path of isUnknown ? issue.keys : [issue.path.join('.')]) {
      if (!messages.has(path)) messages.set(path, isUnknown ? 'Unknown field' : issue.message);
    }
  }
  return [...messages].map(([path, message]) => ({ path, message }));
}
