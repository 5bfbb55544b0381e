import { z } from 'zod';

const MAX_WAIT_MS = 600_000;

/** What a test may ask the outside world to do wrong. Without a wish it does everything right. */
const behaviourFields = {
  failRate: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta({ description: 'Share of messages refused for now, 0 to 1' }),
  reject: z
    .union([z.boolean(), z.array(z.string().min(1).max(320)).max(1_000)])
    .default(false)
    .meta({ description: 'Recipients refused for good, or true for all' }),
  hang: z
    .union([z.boolean(), z.int().min(1).max(MAX_WAIT_MS)])
    .default(false)
    .meta({
      description:
        'Store the message and never answer. True holds the connection as long as the client does; a number cuts it after so many milliseconds',
    }),
  delayMs: z
    .int()
    .min(0)
    .max(MAX_WAIT_MS)
    .default(0)
    .meta({ description: 'Time between storing and answering, in milliseconds' }),
};

export const MailBehaviour = z.strictObject(behaviourFields).meta({ id: 'MailBehaviour' });
export type MailBehaviour = z.output<typeof MailBehaviour>;

export const SmsBehaviour = z
  .strictObject({
    ...behaviourFields,
    retryAfterSeconds: z.int().min(1).max(86_400).nullable().default(null).meta({
      description: 'If set, failRate answers 429 with this Retry-After; otherwise 503',
    }),
  })
  .meta({ id: 'SmsBehaviour' });
export type SmsBehaviour = z.output<typeof SmsBehaviour>;

/** Statuses by which push services refuse for good: 404 and 410 say that the subscription is gone. */
const PUSH_REFUSALS = [400, 401, 403, 404, 410, 413] as const;

export const PushBehaviour = SmsBehaviour.extend({
  reject: z
    .union([z.literal(false), z.literal(PUSH_REFUSALS)])
    .default(false)
    .meta({ description: 'A status by which all messages are refused for good' }),
}).meta({ id: 'PushBehaviour' });
export type PushBehaviour = z.output<typeof PushBehaviour>;

/** Holds what is asked for now. */
export interface Dial<B> {
  current: B;
}

/** Mail addresses are compared without regard to case, which changes nothing about phone numbers. */
export function isRejected({ reject }: Pick<MailBehaviour, 'reject'>, recipient: string): boolean {
  if (typeof reject === 'boolean') return reject;
  const wanted = recipient.toLowerCase();
  return reject.some((listed) => listed.toLowerCase() === wanted);
}

/** @param random uniform in [0, 1): so that 0 never fails, and 1 always does */
export function failsNow({ failRate }: Pick<MailBehaviour, 'failRate'>, random: () => number): boolean {
  return failRate > 0 && random() < failRate;
}
