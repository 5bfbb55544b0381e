import { firstInvisible } from './invisible-characters.ts';

/** A line as it is stored, or why it is refused. */
export type ReadLine =
  | { readonly text: string; readonly fault?: undefined }
  | { readonly fault: string; readonly text?: undefined };

/**
 * Reads one line that a person typed, such as a note or a name. The text is NFC and trimmed; reading it again returns
 * it unchanged, so a line that was accepted once stays acceptable.
 *
 * @param maxLength in Unicode code points after NFC, spaces at both ends included
 */
export function readSingleLine(typed: string, maxLength: number): ReadLine {
  if (isLongerThan(typed, maxLength)) return { fault: `must have at most ${maxLength} characters` };
  const text = typed.normalize('NFC');
  const invisible = firstInvisible(text);
  if (invisible === undefined) return { text: text.trim() };
  return { fault: `must be a single line without control or invisible characters, but holds ${invisible}` };
}

/** NFC composes at most four code points into one, and a code point has at most two UTF-16 code units. */
const MAX_UNITS_PER_CODE_POINT = 8;

/**
 * Whether a text has more Unicode code points after NFC than allowed. Every limit on the length of people's text is
 * checked here, so that a text has the same length for each service, the database and the page.
 */
export function isLongerThan(text: string, maxLength: number): boolean {
  // NFC takes time that grows with the square of a run of accents, so it must not see a text of any length.
  if (text.length > maxLength * MAX_UNITS_PER_CODE_POINT) return true;
  return Array.from(text.normalize('NFC')).length > maxLength;
}
