import { z } from 'zod';

/** The currencies an account can hold. One for now; every amount names it all the same. */
export const Currency = z
  .enum(['INR'], 'must be INR')
  .meta({ description: 'ISO 4217 currency', example: 'INR' });
export type Currency = z.output<typeof Currency>;

/**
 * The largest amount and the largest balance, in minor units: 2^53 − 1, the last integer that a JSON
 * number carries exactly in every language.
 */
export const MAX_AMOUNT_MINOR = Number.MAX_SAFE_INTEGER;

/** A positive integer of minor units (paise for INR): 10000 is ₹100.00. */
export const AmountMinor = z
  .int('must be a whole number of minor units (paise), such as 10000 for ₹100.00')
  .positive('must be greater than zero')
  .max(MAX_AMOUNT_MINOR)
  .meta({ description: 'Minor units (paise)', example: 10000 });
