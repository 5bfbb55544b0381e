import { z } from 'zod';

/** Ten joined segments, the most that the usual gateways (Twilio's limit) take as one message. */
const MAX_SMS_LENGTH = 1_600;

const Reference = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable characters without spaces');

const Recipient = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'must be a phone number in E.164, such as +917010233311');

/** Control characters, and the Unicode line separators: with them, one message could look like two. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

export const SendSms = z
  .strictObject({
    reference: Reference.meta({ description: "The sender's own id of this message" }),
    to: Recipient,
    body: z
      .string()
      .min(1)
      .max(MAX_SMS_LENGTH)
      .refine((text) => !CONTROL.test(text), 'must not contain control characters or line breaks'),
  })
  .meta({ id: 'SendSms' });

export const SmsSchema = z
  .object({
    id: z.string().meta({ description: "The gateway's id" }),
    sequence: z.int().meta({ description: 'Rises with every accepted message' }),
    reference: z.string(),
    to: z.string(),
    body: z.string(),
    status: z.literal('accepted'),
    attempts: z.int().meta({ description: 'How often it was sent to us, whatever the answer' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Sms' });

export const SmsListSchema = z.object({
  data: z.array(SmsSchema),
  nextCursor: z.string().nullable(),
  total: z.int().meta({ description: 'Messages in the store, to anybody' }),
});

export const ListQuery = z.strictObject({
  to: Recipient.optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  after: z.coerce.number().int().min(1).optional().meta({ description: 'The nextCursor of the page before' }),
});

export const SmsParams = z.object({ reference: z.string().max(255) });
