import { z } from 'zod';
import { AmountMinor, Currency } from './money.ts';
import { PhoneNumber } from './phone-number.ts';
import { AcceptedNote, Note } from './text.ts';

/** Body of `POST /v1/transfers`. */
export const CreateTransfer = z
  .strictObject({
    to: PhoneNumber,
    amount: AmountMinor,
    currency: Currency,
    note: Note.default(''),
  })
  .meta({ id: 'CreateTransfer' });
export type CreateTransfer = z.output<typeof CreateTransfer>;

/** Header of `POST /v1/transfers`: printable ASCII, so that it survives every proxy and log unchanged. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 printable characters without spaces');

export const Transfer = z
  .object({
    id: z.uuid(),
    status: z.literal('completed'),
    from: z.string().meta({
      description: "The payer's phone number, E.164; for the payee all but the last four digits are masked",
      example: '+917010233310',
    }),
    to: z.string().meta({ description: "The payee's phone number, E.164", example: '+917010233311' }),
    amount: AmountMinor,
    currency: Currency,
    note: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Transfer' });
export type Transfer = z.output<typeof Transfer>;

/** Transfers in one `POST /v1/transfers/batch` at most. */
export const MAX_BATCH_ITEMS = 500;

/** One transfer of a batch. */
export const BatchItem = CreateTransfer.extend({
  note: AcceptedNote.default(''),
  key: IdempotencyKey.meta({
    description: 'As the Idempotency-Key of a single transfer: unique to the payer',
    example: 'payout:018f0000-0000-7000-8000-00000000000c:17',
  }),
}).meta({ id: 'BatchItem' });
export type BatchItem = z.output<typeof BatchItem>;

/** Body of `POST /v1/transfers/batch`: a part of a payout, decided in this order. */
export const TransferBatch = z
  .strictObject({
    // Of one spelling: a key belongs to an account, however its id is written.
    from: z.uuid().toLowerCase().meta({ description: "The payer's account" }),
    payoutId: z.uuidv7().toLowerCase().meta({ description: 'Tells by its time how old the payout is' }),
    items: z.array(BatchItem).min(1).max(MAX_BATCH_ITEMS),
  })
  .meta({ id: 'TransferBatch' });
export type TransferBatch = z.output<typeof TransferBatch>;

/**
 * Why an item of a batch moved nothing. `insufficient_funds` is final: its key gets it again. What the others
 * say is looked at anew at each repeat.
 */
export const BatchRefusalCode = z.enum([
  'invalid_request',
  'insufficient_funds',
  'payer_not_found',
  'recipient_not_found',
  'same_account',
  'balance_limit_exceeded',
  'idempotency_key_reused',
]);
export type BatchRefusalCode = z.output<typeof BatchRefusalCode>;

/** What became of an item; for a repeat of its key the same as the first time. */
export const BatchResult = z
  .discriminatedUnion('outcome', [
    z.object({ outcome: z.literal('completed'), transferId: z.uuid() }),
    z.object({
      outcome: z.literal('refused'),
      code: BatchRefusalCode,
      detail: z.string().meta({ description: 'For people' }),
    }),
  ])
  .meta({ id: 'BatchResult' });
export type BatchResult = z.output<typeof BatchResult>;

/**
 * Answer of `POST /v1/transfers/batch`: a result for each item that is decided, in their order. If they are fewer than
 * the items, the rest is to be sent again.
 */
export const BatchResults = z.object({ results: z.array(BatchResult) }).meta({ id: 'BatchResults' });
export type BatchResults = z.output<typeof BatchResults>;

export const TIERS = ['premium', 'free'] as const;
export const Tier = z.enum(TIERS);
export type Tier = z.output<typeof Tier>;

export const Account = z
  .object({
    id: z.uuid(),
    name: z.string(),
    phone: z.string(),
    email: z.string(),
    tier: Tier,
    balance: z.int().meta({ description: 'Minor units' }),
    currency: Currency,
  })
  .meta({ id: 'Account' });
export type Account = z.output<typeof Account>;

export const Entry = z
  .object({
    id: z.string(),
    transferId: z.uuid(),
    direction: z.enum(['debit', 'credit']),
    amount: z.int().meta({ description: 'Minor units; negative for a debit' }),
    balance: z.int().meta({ description: 'Minor units, after this entry' }),
    currency: Currency,
    counterparty: z.object({
      name: z.string(),
      phone: z.string().nullable().meta({
        description: 'Null for the treasury; of a payer all but the last four digits are masked',
      }),
    }),
    note: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Entry' });
export type Entry = z.output<typeof Entry>;

/** Query of every list: newest first, `after` is the `nextCursor` of the page before. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().max(64).optional(),
});
export type PageQuery = z.output<typeof PageQuery>;

/** A page of a list; `nextCursor` is null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() });
}

/** Answer of `POST /v1/tokens`. */
export const Token = z
  .object({ token: z.string().meta({ description: 'JWT (EdDSA)' }), expiresAt: z.iso.datetime() })
  .meta({ id: 'Token' });
export type Token = z.output<typeof Token>;

/** Answer of `POST /v1/sessions`. */
export const Session = z
  .object({
    session: z.string().meta({ description: '`ps_` and 256 random bits' }),
    expiresAt: z.iso.datetime().meta({ description: 'If it is not used; each use prolongs it' }),
  })
  .meta({ id: 'Session' });
export type Session = z.output<typeof Session>;

/** Answer of `POST /v1/signing-keys/rotate`. */
export const SigningKeyRotation = z
  .object({
    id: z.string(),
    signsAt: z.iso.datetime().meta({ description: 'Until then the key before it signs' }),
  })
  .meta({ id: 'SigningKeyRotation' });
export type SigningKeyRotation = z.output<typeof SigningKeyRotation>;
