import { pipeline } from 'node:stream/promises';
import { MAX_PAYOUT_ITEMS, PAYOUT_CSV_COLUMNS } from '@payfan/contracts';
import { CsvError, parse, type InfoRecord } from 'csv-parse';
import { csvText, MAX_LINE_BYTES, TOO_LONG, UnreadableCsv } from './csv-text.ts';

const HEADER = PAYOUT_CSV_COLUMNS.join(',');

/**
 * Reads the lines of a payout's CSV as they come (RFC 4180; blank lines are passed over) and tells each with its
 * number in the file: an object by column, or a complaint where it has other columns.
 *
 * @throws UnreadableCsv where nothing can be made of the rest; CsvTooLarge
 */
export async function readCsvLines(
  source: AsyncIterable<Buffer>,
  onLine: (line: number, fields: Record<string, unknown>) => void,
  onMisshapen: (line: number, message: string, record: string[]) => void,
): Promise<void> {
  const seen = { header: false, lines: 0 };
  let last: Pick<InfoRecord, 'lines' | 'empty_lines'> = { lines: 0, empty_lines: 0 };

  const take = (record: string[], info: InfoRecord): null => {
    last = info;
    // A quoted field may hold line ends; its record counts where it begins.
    const line = info.lines - record.join('').split('\n').length + 1;
    if (!seen.header) {
      assertHeader(record, line);
      seen.header = true;
      return null;
    }
    seen.lines += 1;
    if (seen.lines > MAX_PAYOUT_ITEMS) {
      throw new UnreadableCsv(line, `is one too many: a payout has at most ${MAX_PAYOUT_ITEMS} lines`);
    }
    if (record.length !== PAYOUT_CSV_COLUMNS.length) {
      const found = record.length === 1 ? '1 column' : `${record.length} columns`;
      onMisshapen(line, `has ${found}, not the four of ${HEADER}`, record);
    } else if (record.some((field) => field.includes('\0'))) onMisshapen(line, 'holds NUL', record);
    else onLine(line, fieldsOf(record));
    return null;
  };

  const parser = parse({
    delimiter: ',',
    record_delimiter: '\n',
    skip_empty_lines: true,
    relax_column_count: true,
    trim: true,
    max_record_size: MAX_LINE_BYTES,
    on_record: take,
  });
  parser.resume();
  try {
    await pipeline(source, csvText, parser);
  } catch (error) {
    throw error instanceof CsvError ? unreadable(error, last) : error;
  }
  if (!seen.header) throw new UnreadableCsv(1, `is missing: the file must begin with ${HEADER}`);
}

const RUNS_ON = `must end after ${HEADER}: line ends seem to be missing, which curl keeps with --data-binary and drops with -d`;

function fieldsOf([to, amount = '', currency, note]: string[]): Record<string, unknown> {
  // What is no number stays as it is, and is complained about as such.
  return { to, amount: /^-?\d{1,17}$/.test(amount) ? Number(amount) : amount, currency, note };
}

function assertHeader(record: readonly string[], line: number): void {
  if (record.join() === HEADER && record.length === PAYOUT_CSV_COLUMNS.length) return;
  const text = record.join();
  if (text.startsWith(HEADER) && text !== HEADER) throw new UnreadableCsv(line, RUNS_ON);
  const separator = text.includes(';') ? 'semicolons' : text.includes('\t') ? 'tabs' : undefined;
  const hint = separator === undefined ? '' : `; yours seems to be separated by ${separator}, not commas`;
  throw new UnreadableCsv(line, `must be ${HEADER}${hint}`);
}

/** What the parser could make nothing of, in our words: its own quote the file. */
function unreadable(error: CsvError, last: Pick<InfoRecord, 'lines' | 'empty_lines'>): UnreadableCsv {
  const at = error as CsvError & { lines?: number; empty_lines?: number };
  const begins = last.lines + 1 + ((at.empty_lines ?? last.empty_lines) - last.empty_lines);
  switch (error.code as string) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new UnreadableCsv(begins, 'opens a quote that is never closed');
    case 'CSV_MAX_RECORD_SIZE':
      return new UnreadableCsv(begins, TOO_LONG);
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new UnreadableCsv(begins, 'has something between a closing quote and the next comma');
    default:
      return new UnreadableCsv(
        begins,
        'has a quote inside a field: put the field in quotes, and double the quote',
      );
  }
}
