import { MAX_PAYOUT_ITEMS } from '../payout-item.ts';

/** A CSV file cannot be read from this line on. */
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

/** A CSV file has more than `MAX_CSV_BYTES`. */
export class CsvTooLarge extends Error {
  override readonly name = 'CsvTooLarge';
}

/** Room for the largest number of lines, each with a note of 140 characters of two bytes. */
export const MAX_CSV_BYTES = 32 * 1024 * 1024;
/** Far more than four fields can hold that are not refused for their length. */
export const MAX_LINE_BYTES = 4_096;
export const TOO_LONG = `is longer than ${MAX_LINE_BYTES} bytes; perhaps a quote before it is not closed`;
/** Blank lines are counted too, because reading one costs as much as reading another. */
const MAX_FILE_LINES = 2 * MAX_PAYOUT_ITEMS;

const LF = 0x0a;
const CR = 0x0d;
const BOM = '\ufeff';
const NO_BYTES = new Uint8Array();

/**
 * Turns bytes into text, whole lines at a time, each ended by a single `\n` however the file ends them. Lines before
 * a bad one come first, so that what is found does not depend on how the bytes were cut. Runs in Node and in browsers.
 *
 * @throws UnreadableCsv naming the line that is not UTF-8, too long or one too many; CsvTooLarge
 */
export async function* csvText(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let bytes = 0;
  let line = 1;
  let rest: Uint8Array = NO_BYTES;
  let isAfterReturn = false;

  function* textOf(block: Uint8Array): Generator<string> {
    const lines = isAfterReturn && block[0] === LF ? block.subarray(1) : block;
    isAfterReturn = lines.length === 0 ? false : lines.at(-1) === CR;
    const bad = firstBadLine(lines, line);
    const text = decoded(bad === undefined ? lines : lines.subarray(0, bad.start)) ?? '';
    const isStart = line === 1 && text.startsWith(BOM);
    const unified = (isStart ? text.slice(1) : text).replaceAll(/\r\n?/g, '\n');
    line += unified.split('\n').length - 1;
    if (unified !== '') yield unified;
    if (bad !== undefined) throw new UnreadableCsv(line, bad.reason);
  }

  for await (const chunk of withSignature(source)) {
    bytes += chunk.length;
    if (bytes > MAX_CSV_BYTES) throw new CsvTooLarge();
    const end = Math.max(chunk.lastIndexOf(LF), chunk.lastIndexOf(CR)) + 1;
    if (end > 0) yield* textOf(concat(rest, chunk.subarray(0, end)));
    rest = end > 0 ? chunk.subarray(end) : concat(rest, chunk);
    if (rest.length > MAX_LINE_BYTES) throw new UnreadableCsv(line, TOO_LONG);
  }
  if (rest.length > 0) yield* textOf(rest);
}

/** Where the first line starts that cannot be read, and why; undefined if all can. */
function firstBadLine(lines: Uint8Array, firstLine: number): { start: number; reason: string } | undefined {
  const isUtf8 = decoded(lines) !== undefined;
  let start = 0;
  for (let line = firstLine; start < lines.length; line += 1) {
    let end = start;
    while (end < lines.length && lines[end] !== LF && lines[end] !== CR) end += 1;
    if (line > MAX_FILE_LINES) return { start, reason: 'is one too many, also if many lines are blank' };
    if (end - start > MAX_LINE_BYTES) return { start, reason: TOO_LONG };
    if (!isUtf8 && decoded(lines.subarray(start, end)) === undefined)
      return { start, reason: 'is not UTF-8' };
    start = end + (lines[end] === CR && lines[end + 1] === LF ? 2 : 1);
  }
  return undefined;
}

/** So many bytes at the start of a file show whether it is UTF-16. */
const SIGNATURE_BYTES = 16;

/** Passes chunks on, the first with enough bytes to recognise UTF-16, which spreadsheets call "Unicode text". */
async function* withSignature(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Uint8Array | undefined = NO_BYTES;
  for await (const chunk of source) {
    if (start === undefined) {
      yield chunk;
      continue;
    }
    start = concat(start, chunk);
    if (start.length < SIGNATURE_BYTES) continue;
    yield utf8Start(start);
    start = undefined;
  }
  if (start !== undefined) yield utf8Start(start);
}

function utf8Start(start: Uint8Array): Uint8Array {
  const [first = 0, second = 0] = start;
  const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isMarked || start.subarray(0, SIGNATURE_BYTES).includes(0)) {
    throw new UnreadableCsv(1, 'is not UTF-8 but perhaps UTF-16: save the file as “CSV UTF-8”');
  }
  return start;
}

/** The text of these bytes; undefined if they are not UTF-8. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
