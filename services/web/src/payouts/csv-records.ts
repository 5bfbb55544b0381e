/** Nothing can be made of a CSV file from this line on. */
export class UnreadableCsv extends Error {
  override readonly name = 'UnreadableCsv';
  readonly line: number;
  readonly reason: string;
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`);
    this.line = line;
    this.reason = reason;
  }
}

export interface CsvRecord {
  /** Of the file, from 1: where the record begins. */
  line: number;
  fields: string[];
}

/** As the payout service has it: far more than four fields can hold that are not refused for their length. */
const MAX_RECORD_LENGTH = 4_096;
const NOT_CLOSED = 'opens a quote that is never closed';
const INSIDE = 'has a quote inside a field: put the field in quotes, and double the quote';
const AFTER = 'has something between a closing quote and the next comma';
const TOO_LONG = `is longer than ${MAX_RECORD_LENGTH} bytes; perhaps a quote before it is not closed`;

/**
 * The records of a CSV (RFC 4180) as the payout service reads them: any line ends, blank lines passed over, blanks
 * around fields left out.
 *
 * @throws UnreadableCsv
 */
export function* csvRecords(file: string): Generator<CsvRecord> {
  const text = file.replace(/^\ufeff/, '').replaceAll(/\r\n?/g, '\n');
  const field = /[ \t\f]*(?:"([^"]*(?:""[^"]*)*)"[ \t\f]*|([^,\n"]*))/y;
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const begins = at;
    const fields: string[] = [];
    let length = 0;
    for (;;) {
      field.lastIndex = at;
      const [all = '', quoted, plain = ''] = field.exec(text) ?? [];
      at += all.length;
      const next = text[at];
      if (next !== undefined && next !== ',' && next !== '\n')
        throw new UnreadableCsv(line, wrongAt(all, next));
      const content = quoted?.replaceAll('""', '"') ?? plain;
      if (isTooLong(content, length)) throw new UnreadableCsv(line, TOO_LONG);
      const value = quoted === undefined ? trimmed(plain) : content;
      length += value.length;
      fields.push(value);
      at += 1;
      if (next !== ',') break;
    }
    const record = text.slice(begins, at - 1);
    if (record.trim() !== '') yield { line, fields };
    line += record.split('\n').length;
  }
}

const encoder = new TextEncoder();

/** As the service's parser counts: the field that it reads in bytes, those before it in characters, and one too late. */
function isTooLong(field: string, before: number): boolean {
  const most = MAX_RECORD_LENGTH + 1 - before;
  // A character has three bytes at most, so that few fields need the encoder.
  return field.length * 3 > most && encoder.encode(field).length > most;
}

const trimmed = (plain: string): string => plain.replace(/^[ \t\f]+/, '').replace(/[ \t\f]+$/, '');

function wrongAt(read: string, next: string): string {
  if (read.trimEnd().endsWith('"')) return AFTER;
  return next === '"' && read.trim() === '' ? NOT_CLOSED : INSIDE;
}
