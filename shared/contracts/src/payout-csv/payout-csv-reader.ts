import { checkLine, MAX_PAYOUT_ITEMS, PAYOUT_CSV_COLUMNS, type CheckedLine } from '../payout-item.ts';
import { csvText, MAX_LINE_BYTES, TOO_LONG, UnreadableCsv } from './csv-text.ts';
import type { Info, Options } from 'csv-parse/sync';

const HEADER = PAYOUT_CSV_COLUMNS.join();

/** `parse` of csv-parse/sync, of its build for Node or for browsers. */
export type Parse = (text: string, options: Options) => unknown;

/** Reads a payout's CSV as it comes and reports each line, checked. */
export type ReadPayoutCsv = (
  source: AsyncIterable<Uint8Array>,
  onLine: (line: CheckedLine) => void,
) => Promise<void>;

/**
 * Makes the reader of payouts' CSV (RFC 4180; blank lines are passed over, blanks around fields left out). The payout
 * service and the page have this one, so that what the page shows is what the service pays.
 *
 * @returns a function that throws UnreadableCsv if the file cannot be read from some line on, or CsvTooLarge
 */
export function payoutCsvReader(parse: Parse): ReadPayoutCsv {
  return async (source, onLine) => {
    const lines = new PayoutLines(onLine);
    const records = new CsvRecords(parse, (line, record) => lines.take(line, record));
    for await (const text of csvText(source)) records.add(text);
    records.end();
    lines.end();
  };
}

/** Cuts text into whole records, which the parser then reads. */
class CsvRecords {
  readonly #parse: Parse;
  readonly #onRecord: (line: number, record: string[]) => void;
  /** The beginning of a record whose end has not come. */
  #rest = '';
  #linesBefore = 0;

  constructor(parse: Parse, onRecord: (line: number, record: string[]) => void) {
    this.#parse = parse;
    this.#onRecord = onRecord;
  }

  /** Takes whole lines. Throws UnreadableCsv. */
  add(lines: string): void {
    const text = this.#rest + lines;
    const { end, tooLongUntil } = wholeRecords(text);
    this.#read(text.slice(0, end));
    this.#rest = text.slice(end);
    if (tooLongUntil === undefined) return;
    // If the parser finds a misplaced quote in the record, it reports that instead, as the cause of the length.
    this.#read(text.slice(end, tooLongUntil), TOO_LONG);
    throw new UnreadableCsv(this.#linesBefore + 1, TOO_LONG);
  }

  end(): void {
    this.#read(this.#rest);
  }

  #read(text: string, notClosed: string = QUOTE_NOT_CLOSED): void {
    if (text === '') return;
    let last: Pick<Info, 'lines' | 'empty_lines'> = { lines: 0, empty_lines: 0 };
    let failure: unknown;
    try {
      this.#parse(text, {
        delimiter: ',',
        record_delimiter: '\n',
        skip_empty_lines: true,
        relax_column_count: true,
        trim: true,
        on_record: (record: string[], info: Info) => {
          last = info;
          // A quoted field may hold line ends; its record has the number of the line where it begins.
          const line = this.#linesBefore + info.lines - lineEnds(record.join(''));
          try {
            this.#onRecord(line, record);
          } catch (error) {
            failure = error;
            throw error;
          }
          return null;
        },
      });
    } catch (error) {
      if (error === failure) throw error;
      // The parser's own messages quote the file, which must not reach logs, so the reason has other words.
      const { code, empty_lines: blank = 0 } = error as { code?: string; empty_lines?: number };
      const line = this.#linesBefore + last.lines + 1 + blank - last.empty_lines;
      throw new UnreadableCsv(line, code === 'CSV_QUOTE_NOT_CLOSED' ? notClosed : reasonFor(code));
    }
    this.#linesBefore += lineEnds(text);
  }
}

const lineEnds = (text: string): number => text.split('\n').length - 1;

/**
 * Where the last whole record of a text ends: at a line end before which quotes are even in number. `tooLongUntil` is
 * where the record after it has become longer than a record may be.
 */
function wholeRecords(text: string): { end: number; tooLongUntil?: number } {
  let end = 0;
  let isQuoted = false;
  let quote = text.indexOf('"');
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    for (; quote >= 0 && quote < at; quote = text.indexOf('"', quote + 1)) isQuoted = !isQuoted;
    if (!isQuoted) end = at + 1;
    else if (at - end > MAX_LINE_BYTES) return { end, tooLongUntil: at + 1 };
  }
  return { end };
}

const QUOTE_NOT_CLOSED = 'opens a quote that is never closed';

function reasonFor(code: string | undefined): string {
  return code === 'CSV_INVALID_CLOSING_QUOTE'
    ? 'has something between a closing quote and the next comma'
    : 'has a quote inside a field: put the field in quotes, and double the quote';
}

/** Turns the records of a file into lines of a payout. */
class PayoutLines {
  readonly #onLine: (line: CheckedLine) => void;
  #isHeaderSeen = false;
  #count = 0;

  constructor(onLine: (line: CheckedLine) => void) {
    this.#onLine = onLine;
  }

  take(line: number, record: string[]): void {
    if (!this.#isHeaderSeen) {
      assertHeader(line, record);
      this.#isHeaderSeen = true;
      return;
    }
    this.#count += 1;
    if (this.#count > MAX_PAYOUT_ITEMS) {
      throw new UnreadableCsv(line, `is one too many: a payout has at most ${MAX_PAYOUT_ITEMS} lines`);
    }
    const message = shapeError(record);
    if (message === undefined) this.#onLine(checkLine(line, fieldsOf(record)));
    else this.#onLine({ line, sent: record, errors: [{ path: '', message }] });
  }

  end(): void {
    if (!this.#isHeaderSeen) throw new UnreadableCsv(1, `is missing: the file must begin with ${HEADER}`);
  }
}

const columns = (record: readonly string[]) =>
  record.length === 1 ? '1 column' : `${record.length} columns`;

function shapeError(record: readonly string[]): string | undefined {
  if (record.length !== PAYOUT_CSV_COLUMNS.length) {
    return `has ${columns(record)}, not the four of ${HEADER}`;
  }
  return record.some((field) => field.includes('\0')) ? 'holds NUL' : undefined;
}

function fieldsOf([to, amount = '', currency, note]: string[]): Record<string, unknown> {
  // Text that is no number stays text, which the check of the line refuses.
  return { to, amount: /^-?\d{1,17}$/.test(amount) ? Number(amount) : amount, currency, note };
}

const RUNS_ON = `must end after ${HEADER}: line ends seem to be missing, which curl keeps with --data-binary and drops with -d`;

function assertHeader(line: number, record: readonly string[]): void {
  const text = record.join();
  const isOurs = PAYOUT_CSV_COLUMNS.every((column, index) => record[index] === column);
  if (isOurs && record.length === PAYOUT_CSV_COLUMNS.length) return;
  if (isOurs) throw new UnreadableCsv(line, `has ${columns(record)}, not only the four of ${HEADER}`);
  if (text.startsWith(HEADER) && text !== HEADER) throw new UnreadableCsv(line, RUNS_ON);
  const separator = text.includes(';') ? 'semicolons' : text.includes('\t') ? 'tabs' : undefined;
  const hint = separator === undefined ? '' : `; yours seems to be separated by ${separator}, not commas`;
  throw new UnreadableCsv(line, `must be ${HEADER}${hint}`);
}
