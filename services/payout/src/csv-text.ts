import { isUtf8 } from 'node:buffer';
import { MAX_PAYOUT_ITEMS } from '@payfan/contracts';

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

/** A CSV file has more bytes than are taken. */
export class CsvTooLarge extends Error {
  override readonly name = 'CsvTooLarge';
}

/** A hundred thousand lines with a note of 140 characters that take two bytes each. */
export const MAX_CSV_BYTES = 32 * 1024 * 1024;
/** Far more than four fields can hold that are not refused for their length. */
export const MAX_LINE_BYTES = 4_096;
/** Blank ones included: a blank line costs as much as another, and is free to send. */
const MAX_FILE_LINES = 2 * MAX_PAYOUT_ITEMS;

const LF = 0x0a;
const CR = 0x0d;
const UTF8_BOM = '\ufeff';

/**
 * Turns bytes into text, whole lines at a time, each ended by a single `\n` however the file ends them.
 *
 * @throws UnreadableCsv naming the line that is not UTF-8, or has no end
 */
export async function* csvText(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let bytes = 0;
  let line = 1;
  let rest: Buffer = Buffer.alloc(0);
  let afterReturn = false;

  const textOf = (lines: Buffer): string => {
    if (!isUtf8(lines)) throw new UnreadableCsv(line + goodLines(lines), 'is not UTF-8');
    let text = lines.toString('utf8');
    if (line === 1) text = text.startsWith(UTF8_BOM) ? text.slice(1) : text;
    if (afterReturn && text.startsWith('\n')) text = text.slice(1);
    afterReturn = text.endsWith('\r');
    text = text.replaceAll(/\r\n?/g, '\n');
    line += count(text, '\n');
    return text;
  };

  for await (const chunk of source) {
    if (bytes === 0) assertNoUtf16(chunk);
    bytes += chunk.length;
    if (bytes > MAX_CSV_BYTES) throw new CsvTooLarge();
    const end = Math.max(chunk.lastIndexOf(LF), chunk.lastIndexOf(CR)) + 1;
    const lines = end === 0 ? Buffer.alloc(0) : Buffer.concat([rest, chunk.subarray(0, end)]);
    rest = end === 0 ? Buffer.concat([rest, chunk]) : chunk.subarray(end);
    if (lines.length > 0) yield textOf(lines);
    if (line > MAX_FILE_LINES + 1) {
      throw new UnreadableCsv(MAX_FILE_LINES + 1, 'is one too many, also if many lines are blank');
    }
    if (rest.length > MAX_LINE_BYTES) throw new UnreadableCsv(line, TOO_LONG);
  }
  if (rest.length > 0) yield textOf(rest);
}

export const TOO_LONG = `is longer than ${MAX_LINE_BYTES} bytes; perhaps a quote before it is not closed`;

/** How many lines there are before the first one that is not UTF-8. */
function goodLines(lines: Buffer): number {
  let good = 0;
  let start = 0;
  lines.forEach((byte, at) => {
    if (start < 0 || (byte !== LF && (byte !== CR || lines[at + 1] === LF))) return;
    if (isUtf8(lines.subarray(start, at))) {
      good += 1;
      start = at + 1;
    } else start = -1;
  });
  return good;
}

/** Files that spreadsheets call "Unicode text". */
function assertNoUtf16(start: Buffer): void {
  const [first = 0, second = 0] = start;
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (marked || start.subarray(0, 16).includes(0)) {
    throw new UnreadableCsv(1, 'is not UTF-8 but perhaps UTF-16: save the file as “CSV UTF-8”');
  }
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}
