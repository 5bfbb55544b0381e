import { isLongerThan, phoneDigits, readSingleLine } from '@payfan/contracts/typed';

/** The header line of a payout's CSV, as the payout service asks for it. */
export const CSV_COLUMNS = ['to', 'amount', 'currency', 'note'] as const;
type CsvColumn = (typeof CSV_COLUMNS)[number];

const MOST_PHONE_CHARACTERS = 32;
const MOST_NOTE_CHARACTERS = 140;

/** Something a line was refused for: its column and why, in the words of the payout service. */
export type FieldFault = readonly [column: CsvColumn, message: string];

/** What is wrong with the four fields of a line; at most one thing for each. */
export function faultsOf([to = '', amount = '', currency = '', note = '']: readonly string[]): FieldFault[] {
  const found: [CsvColumn, string | undefined][] = [
    ['to', phoneFault(to)],
    ['amount', amountFault(amount)],
    ['currency', currency === 'INR' ? undefined : 'must be INR'],
    ['note', noteFault(note)],
  ];
  return found.flatMap(([column, message]) => (message === undefined ? [] : [[column, message] as const]));
}

/** Minor units of a field that is an amount. */
export const amountIn = (text: string): number => Number(text);

function amountFault(text: string): string | undefined {
  const isWhole = /^-?\d{1,17}$/.test(text);
  const amount = Number(text);
  if (!isWhole || !Number.isSafeInteger(amount)) {
    return 'must be a whole number of minor units (paise), such as 10000 for ₹100.00';
  }
  return amount > 0 ? undefined : 'must be greater than zero';
}

const noteFault = (text: string): string | undefined => readSingleLine(text, MOST_NOTE_CHARACTERS).fault;

function phoneFault(text: string): string | undefined {
  if (isLongerThan(text, MOST_PHONE_CHARACTERS))
    return `must have at most ${MOST_PHONE_CHARACTERS} characters`;
  return mayBePhone(text) ? undefined : 'must be a phone number, such as 7010233311 or +917010233311';
}

/**
 * Refuses only what can be no number: the numbering plans of the world are larger than this page, and the service
 * has them. Of India: ten digits from 2 on; special numbers begin with 1 or 000800.
 */
function mayBePhone(text: string): boolean {
  const [, plus, digits = ''] = /^(\+?)(\d{6,20})$/.exec(phoneDigits(text) ?? '') ?? [];
  if (digits === '') return false;
  if ((plus === '+' && !digits.startsWith('91')) || digits.startsWith('00')) return true;
  const candidates = [
    digits,
    digits.replace(/^0/, ''),
    digits.replace(/^91/, ''),
    digits.replace(/^910/, ''),
  ];
  return candidates.some((candidate) => /^(?:[2-9]\d{9}|1\d{7,12}|000800\d{7})$/.test(candidate));
}
