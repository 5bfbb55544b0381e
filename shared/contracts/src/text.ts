import { z } from 'zod';

/** Text that UTF-8 and PostgreSQL can hold: no NUL, and no half of a surrogate pair. */
export const Text = z
  .string()
  .refine(
    (text) => text.isWellFormed() && !text.includes('\0'),
    'must hold neither NUL nor half of a surrogate pair',
  )
  .meta({ description: 'Neither NUL nor half of a surrogate pair' });

/**
 * Control characters (C0, DEL, C1), the Unicode line separators, and the marks that turn the direction
 * of text, and halves of surrogate pairs, which no UTF-8 can carry. The first two could end a mail header or start a second SMS; the last can make an amount
 * read backwards.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** One line of text that is safe in a header, an SMS and a page: trimmed, NFC, no control characters. */
export function singleLine(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine((text) => !UNSAFE.test(text), 'must be a single line without control characters')
    .transform((text) => text.normalize('NFC').trim());
}
