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
 * left out: other characters, a second point, a third decimal.
 */
export function groupTypedAmount(text: string): string {
  const [whole = '', ...decimals] = text.replaceAll(/[^\d.]/g, '').split('.');
  const digits = whole.replace(/^0+(?=\d)/, '').slice(0, 14);
  const grouped = groupDigits(digits);
  return decimals.length === 0
    ? grouped
    : `${grouped === '' ? '0' : grouped}.${decimals.join('').slice(0, 2)}`;
}

/** What an amount field says, in minor units; undefined for what is no amount above zero. */
export function parseAmount(text: string): number | undefined {
  const found = /^(\d{1,14})(?:\.(\d{0,2}))?$/.exec(text.replaceAll(/[,\s₹]/g, ''));
  if (found === null) return undefined;
  const [, rupees = '', paise = ''] = found;
  const minor = Number(`${rupees}${paise.padEnd(2, '0')}`);
  return minor > 0 && minor <= LARGEST_AMOUNT ? minor : undefined;
}
