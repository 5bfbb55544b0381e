import { z } from 'zod';
import { isLongerThan, readSingleLine } from './typed/single-line.ts';

/** Text that UTF-8 and PostgreSQL can hold: no NUL, and no half of a surrogate pair. */
export const Text = z
  .string()
  .refine(
    (text) => text.isWellFormed() && !text.includes('\0'),
    'must hold neither NUL nor half of a surrogate pair',
  )
  .meta({ description: 'Neither NUL nor half of a surrogate pair' });

/** Text of at most so many Unicode code points, counted after NFC as all lengths of people's text are. */
export function textUpTo(maxLength: number) {
  return z
    .string()
    .refine((text) => !isLongerThan(text, maxLength), `must have at most ${maxLength} characters`)
    .meta({ maxLength });
}

/** One line of people's text, safe in a header, an SMS and a page; parses to what `readSingleLine` returns. */
export function singleLine(maxLength: number) {
  return z
    .string()
    .transform((typed, context) => {
      const { text, fault } = readSingleLine(typed, maxLength);
      if (text !== undefined) return text;
      context.addIssue({ code: 'custom', message: fault });
      return z.NEVER;
    })
    .meta({
      type: 'string',
      maxLength,
      description:
        `One line of at most ${maxLength} Unicode code points, counted after NFC. Control, invisible and ` +
        'direction-changing characters are refused, except joiners that a script or an emoji needs. ' +
        'Stored in NFC, without spaces at its ends',
    });
}

const MAX_NOTE_LENGTH = 140;

/** The note of a transfer. */
export const Note = singleLine(MAX_NOTE_LENGTH);

/**
 * A note that an earlier check accepted, perhaps that of an older version with other rules. Refusing it now would
 * report a line of a payout as failed although it may have been paid. Its length is limited
 * as that of a new note, because the version that stored longer notes refused to pay them.
 */
export const AcceptedNote = textUpTo(MAX_NOTE_LENGTH)
  .refine(
    (text) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text),
    'must be a single line without control characters',
  )
  .meta({ description: 'As the payout service stored it when it accepted the payout' });
