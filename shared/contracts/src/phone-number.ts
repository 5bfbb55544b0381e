import parsePhoneNumber from 'libphonenumber-js/min';
import { z } from 'zod';

/** Reading one costs as much as all other validation together, and the same people are paid again and again. */
const known = new Map<string, string | undefined>();
const MAX_KNOWN = 10_000;

/**
 * Reads a phone number in any usual Indian form (`7010233311`, `07010 233311`, `+91 70102 33311`) or a
 * foreign one with its country code, and answers E.164 (`+917010233311`), or undefined if it is none.
 */
export function toE164(input: string): string | undefined {
  if (known.has(input)) return known.get(input);
  const number = parsePhoneNumber(input, { defaultCountry: 'IN', extract: false });
  const e164 = number?.isValid() === true ? number.number : undefined;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(input, e164);
  return e164;
}

/** A phone number as people type it; parses to E.164. */
export const PhoneNumber = z
  .string()
  .max(32)
  .transform((input, context) => {
    const number = toE164(input);
    if (number !== undefined) return number;
    context.addIssue({
      code: 'custom',
      message: 'must be a phone number, such as 7010233311 or +917010233311',
    });
    return z.NEVER;
  })
  .meta({
    type: 'string',
    description: 'Phone number, Indian unless it starts with +',
    example: '7010233311',
  });
