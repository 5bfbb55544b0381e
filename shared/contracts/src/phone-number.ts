import parsePhoneNumber from 'libphonenumber-js/min';
import { z } from 'zod';
import { textUpTo } from './text.ts';
import { firstInvisible } from './typed/invisible-characters.ts';
import { phoneDigits } from './typed/phone-digits.ts';

/** Reading one costs as much as all other validation together, and the same people are paid again and again. */
const known = new Map<string, string | undefined>();
const MAX_KNOWN = 10_000;

/**
 * Reads a phone number in any usual Indian form (`7010233311`, `07010 233311`, `+91 70102 33311`) or a
 * foreign one with its country code, in digits of any script, and answers E.164 (`+917010233311`), or undefined if it
 * is none or has an extension.
 */
export function toE164(input: string): string | undefined {
  if (known.has(input)) return known.get(input);
  const digits = phoneDigits(input);
  const number =
    digits === undefined ? undefined : parsePhoneNumber(digits, { defaultCountry: 'IN', extract: false });
  const e164 = number?.isValid() === true ? number.number : undefined;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(input, e164);
  return e164;
}

/** Long enough for a country code, a trunk prefix, brackets and spaces. */
const MAX_LENGTH = 32;

/** A phone number as people type it; parses to E.164. */
export const PhoneNumber = textUpTo(MAX_LENGTH)
  .transform((input, context) => {
    const number = toE164(input);
    if (number !== undefined) return number;
    context.addIssue({ code: 'custom', message: whyNoNumber(input) });
    return z.NEVER;
  })
  .meta({
    type: 'string',
    maxLength: MAX_LENGTH,
    description:
      'Phone number, Indian unless it starts with +, in digits of any script. An extension is refused',
    example: '7010233311',
  });

function whyNoNumber(input: string): string {
  // Programs wrap phone numbers in direction marks, which a person who copies them cannot see.
  const invisible = firstInvisible(input);
  return invisible === undefined
    ? 'must be a phone number, such as 7010233311 or +917010233311'
    : `must be a phone number, such as 7010233311, without invisible characters, but holds ${invisible}`;
}
