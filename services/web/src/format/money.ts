import { groupDigits } from './indian.ts';

/** The largest amount: 2^53 − 1 paise, as our APIs have it. */
export const LARGEST_AMOUNT = Number.MAX_SAFE_INTEGER;

export interface MoneyParts {
  sign: '' | '−';
  /** `1,00,000` */
  rupees: string;
  /** `05` */
  paise: string;
}

/** Of an amount in minor units (paise), without floating point. */
export function moneyParts(minor: number): MoneyParts {
  const digits = String(Math.abs(minor)).padStart(3, '0');
  return {
    sign: minor < 0 ? '−' : '',
    rupees: groupDigits(digits.slice(0, -2)),
    paise: digits.slice(-2),
  };
}

/** Minor units (paise) for people: `₹1,00,000.00`. */
export function formatMoney(minor: number): string {
  const { sign, rupees, paise } = moneyParts(minor);
  return `${sign}₹${rupees}.${paise}`;
}

/** As `formatMoney`, and says that something came: `+₹100.00`, `−₹100.00`. */
export function formatChange(minor: number): string {
  return minor > 0 ? `+${formatMoney(minor)}` : formatMoney(minor);
}

/**
 * What is typed into an amount field, with its digits grouped: `100000.5` → `1,00,000.5`. What no amount has is
 * left out: other characters, a second point, a third decimal. Before the point there stay more digits than any
 * amount has: one that lost its last would look as if it were meant.
 */
export function groupTypedAmount(text: string): string {
  const [whole = '', ...decimals] = text.replaceAll(/[^\d.]/g, '').split('.');
  const digits = whole.replace(/^0+(?=\d)/, '').slice(0, MOST_TYPED);
  const grouped = groupDigits(digits);
  return decimals.length === 0
    ? grouped
    : `${grouped === '' ? '0' : grouped}.${decimals.join('').slice(0, 2)}`;
}

/** Digits of rupees; the largest amount has fourteen. */
const MOST_TYPED = 20;

/** Where the caret of an amount field belongs once what was typed is grouped: behind what it stood behind. */
export function caretInGrouped(typed: string, caret: number): number {
  const grouped = groupTypedAmount(typed);
  if (caret >= typed.length) return grouped.length;
  let before = typed.slice(0, caret).replaceAll(/[^\d.]/g, '').length;
  let at = 0;
  for (; before > 0 && at < grouped.length; at += 1) if (grouped[at] !== ',') before -= 1;
  return at;
}

/** What is wrong with what an amount field says, to whoever fills it in; undefined if nothing is. */
export function amountFault(text: string): string | undefined {
  if (parseAmount(text) !== undefined) return undefined;
  const isTooLarge = Number(text.replaceAll(/[,\s₹]/g, '')) * 100 > LARGEST_AMOUNT;
  return isTooLarge ? `At most ${formatMoney(LARGEST_AMOUNT)}.` : 'More than ₹0, such as 100 or 1,250.50.';
}

/** What an amount field says, in minor units; undefined for what is no amount above zero. */
export function parseAmount(text: string): number | undefined {
  const found = /^(\d{1,14})(?:\.(\d{0,2}))?$/.exec(text.replaceAll(/[,\s₹]/g, ''));
  if (found === null) return undefined;
  const [, rupees = '', paise = ''] = found;
  const minor = Number(`${rupees}${paise.padEnd(2, '0')}`);
  return minor > 0 && minor <= LARGEST_AMOUNT ? minor : undefined;
}
