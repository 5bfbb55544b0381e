import { Problem } from '../problem.ts';

/** In valid JSON, outside of strings: a quote that begins a string, a number, or the brace of an object. */
const TOKEN = /"|-?\d[\d.eE+-]*|[{}]/g;
/** A string that a colon follows is a key. */
const COLON = /\s*:/y;
/** A longer key is not repeated in the answer. */
const NAMED_LENGTH = 64;

/**
 * Refuses JSON of which `JSON.parse` silently makes something else than the client wrote: a key that an object has
 * twice, where the last value wins, and a number that is rounded to an integer, such as 100.99999999999999999999.
 *
 * @param text valid JSON
 */
export function assertFaithful(text: string): void {
  const objects: Set<string>[] = [];
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    const [word] = found;
    if (word === '{') objects.push(new Set());
    else if (word === '}') objects.pop();
    else if (word === '"') {
      const end = endOfString(text, found.index);
      TOKEN.lastIndex = COLON.lastIndex = end;
      if (COLON.test(text)) addKey(objects.at(-1), text.slice(found.index, end));
    } else if (isRoundedToInteger(word)) {
      throw unfaithful(`a number with a fraction that would be rounded to ${Number(word)}`);
    }
  }
}

/** The index after the quote that ends a string. A quote after an odd number of backslashes is part of the string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text[before - 1] === '\\') before -= 1;
    if ((end - before) % 2 === 0) return end + 1;
  }
}

function addKey(keys: Set<string> | undefined, written: string): void {
  const key = written.includes('\\') ? (JSON.parse(written) as string) : written.slice(1, -1);
  if (keys?.has(key) === true) {
    throw unfaithful(`${written.length > NAMED_LENGTH ? 'a key' : `the key ${written}`} twice in one object`);
  }
  keys?.add(key);
}

/** Whether a number has a fraction as written, and none as JavaScript reads it. */
function isRoundedToInteger(number: string): boolean {
  if (!/[.eE]/.test(number) || !Number.isInteger(Number(number))) return false;
  const [mantissa = '', exponent = '0'] = number.split(/e/i);
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = whole + fraction;
  let significant = digits.length;
  while (digits[significant - 1] === '0') significant -= 1;
  const zeros = digits.length - significant;
  return significant > 0 && fraction.length - zeros - Number(exponent) > 0;
}

const unfaithful = (what: string) =>
  new Problem({ status: 400, code: 'invalid_request', detail: `The JSON holds ${what}.` });
