/** What people write between and around the digits of a phone number. */
const SEPARATORS = /[\p{Zs}\p{Pd}\u2212()（）[\]［］./．／]/gu;

/**
 * Reduces a phone number as people type it to ASCII digits, after a `+` if it begins with one: `(０7010) २३३-३११` →
 * `07010233311`. Whether the number exists is not checked.
 *
 * @returns undefined for anything else, such as letters, two plus signs, or an extension: dropping it would reach
 * another person
 */
export function phoneDigits(typed: string): string | undefined {
  const bare = typed
    .trim()
    .replaceAll(SEPARATORS, '')
    .replace(/^＋/, '+')
    .replaceAll(/\p{Nd}/gu, asciiDigit);
  return /^\+?[0-9]+$/.test(bare) ? bare : undefined;
}

/** Unicode encodes the digits of each script from zero to nine without a gap, so the place in their run is the value. */
function asciiDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}
