import { z } from 'zod';

/**
 * What a person does is `interactive`; what a bulk payout does is `bulk`. Each lane has its own queue and
 * its own reserved consumers on every channel, so that a crowd never delays a person.
 */
export const LANES = ['interactive', 'bulk'] as const;
export const Lane = z.enum(LANES);
export type Lane = z.output<typeof Lane>;
