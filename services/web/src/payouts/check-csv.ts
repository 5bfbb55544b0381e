import { formatMoney, LARGEST_AMOUNT } from '../format/money.ts';
import { csvRecords, UnreadableCsv } from './csv-records.ts';
import { amountIn, CSV_COLUMNS, faultsOf } from './line-rules.ts';

/** As many lines, and bytes, as the payout service takes. */
const MOST_LINES = 100_000;
export const MOST_BYTES = 32 * 1_024 * 1_024;
/** More is no help to whoever mends a file; the service names as many. */
const MOST_FAULTS = 100;
const TOO_MUCH = `brings the total above ${formatMoney(LARGEST_AMOUNT)}, which no balance covers`;
const HEADER = CSV_COLUMNS.join(',');

export interface LineFault {
  /** Of the file, whose header is line 1. */
  line: number;
  /** The column; empty for the whole line. */
  path: string;
  message: string;
}

/** What a file of payments holds, as far as this page can tell. */
export interface CheckedCsv {
  goodLines: number;
  /** Minor units of the good lines. */
  amount: number;
  badLines: number;
  faultCount: number;
  /** The first of them. */
  faults: readonly LineFault[];
  /** Nothing can be made of the rest of the file, so that no part of it can be sent. */
  isUnreadable: boolean;
}

/** Checks the header and every line by the rules of the payout service, which still has the last word. */
export function checkCsv(text: string): CheckedCsv {
  const faults: LineFault[] = [];
  const found = { goodLines: 0, amount: 0, badLines: 0, faultCount: 0 };
  const note = (line: number, path: string, message: string) => {
    found.faultCount += 1;
    if (faults.length < MOST_FAULTS) faults.push({ line, path, message });
  };
  try {
    let isHeader = true;
    for (const { line, fields } of csvRecords(text)) {
      if (isHeader) assertHeader(line, fields);
      else {
        if (found.goodLines + found.badLines === MOST_LINES) {
          throw new UnreadableCsv(line, `is one too many: a payout has at most ${MOST_LINES} lines`);
        }
        const wrong = wrongWith(fields);
        for (const [path, message] of wrong) note(line, path, message);
        if (wrong.length > 0) found.badLines += 1;
        else {
          const amount = amountIn(fields[1] ?? '');
          // By subtraction, which is exact: no balance covers more, and a sum of more would be rounded.
          if (amount > LARGEST_AMOUNT - found.amount) throw new UnreadableCsv(line, TOO_MUCH);
          found.goodLines += 1;
          found.amount += amount;
        }
      }
      isHeader = false;
    }
    if (isHeader) throw new UnreadableCsv(1, `is missing: the file must begin with ${HEADER}`);
    return { ...found, faults, isUnreadable: false };
  } catch (error) {
    if (!(error instanceof UnreadableCsv)) throw error;
    // First, as nothing else counts before it is mended.
    faults.unshift({ line: error.line, path: '', message: error.reason });
    const { faultCount, badLines } = found;
    return { ...found, faultCount: faultCount + 1, badLines: badLines + 1, faults, isUnreadable: true };
  }
}

/** The text of a file's bytes; the number of the first line that is not UTF-8 where they are no text. */
export function textOf(bytes: Uint8Array): { text: string } | { fault: LineFault } {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    if (bytes.subarray(0, 16).includes(0)) throw new TypeError('UTF-16');
    return { text: decoder.decode(bytes) };
  } catch {
    const message = 'is not UTF-8: save the file as “CSV UTF-8”';
    return { fault: { line: firstUndecodable(bytes), path: '', message } };
  }
}

function firstUndecodable(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let line = 1, start = 0; ; line += 1) {
    const end = bytes.indexOf(0x0a, start);
    const piece = bytes.subarray(start, end < 0 ? undefined : end);
    try {
      decoder.decode(piece);
    } catch {
      return line;
    }
    if (end < 0) return 1;
    start = end + 1;
  }
}

function wrongWith(fields: readonly string[]): readonly (readonly [path: string, message: string])[] {
  if (fields.length !== CSV_COLUMNS.length) {
    const columns = fields.length === 1 ? '1 column' : `${fields.length} columns`;
    return [['', `has ${columns}, not the four of ${HEADER}`]];
  }
  return fields.some((field) => field.includes('\0')) ? [['', 'holds NUL']] : faultsOf(fields);
}

function assertHeader(line: number, fields: readonly string[]): void {
  const text = fields.join(',');
  if (text === HEADER && fields.length === CSV_COLUMNS.length) return;
  if (text.startsWith(HEADER) && text !== HEADER) throw new UnreadableCsv(line, `must end after ${HEADER}`);
  const separator = text.includes(';') ? 'semicolons' : text.includes('\t') ? 'tabs' : undefined;
  const hint = separator === undefined ? '' : `; yours seems to be separated by ${separator}, not commas`;
  throw new UnreadableCsv(line, `must be ${HEADER}${hint}`);
}
