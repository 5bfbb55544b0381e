import { z } from 'zod';
import { AmountMinor, Currency } from './money.ts';
import { MAX_PAYOUT_ERRORS_LISTED } from './payout-item.ts';
import { Tier } from './transfers-api.ts';

/** Items of a payout that comes as JSON; a longer one comes as CSV. */
export const MAX_PAYOUT_JSON_ITEMS = 10_000;

/** What is wrong with one field of one line. */
export const PayoutLineError = z
  .object({
    line: z.int().meta({
      description: 'Of the file, whose header is line 1; in JSON the place of the item, from 1',
      example: 17,
    }),
    path: z.string().meta({ description: 'The field; empty for the whole line', example: 'amount' }),
    message: z.string(),
  })
  .meta({ id: 'PayoutLineError' });
export type PayoutLineError = z.output<typeof PayoutLineError>;

/** Lines that were left out, where a payout was taken with `partial=true`. */
export const RejectedLines = z
  .object({
    lines: z.int().meta({ description: 'Lines left out' }),
    errorCount: z.int().meta({ description: 'What is wrong with them, all together' }),
    errors: z.array(PayoutLineError).meta({ description: `The first ${MAX_PAYOUT_ERRORS_LISTED} of it` }),
  })
  .meta({ id: 'RejectedLines' });
export type RejectedLines = z.output<typeof RejectedLines>;

const accepted = {
  id: z.uuid(),
  lane: Tier.meta({ description: "The lane that it is worked off on: its owner's tier" }),
  total: z.int().meta({ description: 'Items' }),
};

/** Answer of `POST /v1/payouts`. */
export const PayoutAccepted = z
  .object({
    ...accepted,
    status: z.literal('processing'),
    rejected: RejectedLines.optional().meta({ description: 'Only where lines were left out' }),
  })
  .meta({ id: 'PayoutAccepted' });
export type PayoutAccepted = z.output<typeof PayoutAccepted>;

/** `cancelled` when it ended after a cancellation; what had been started by then was finished. */
export const PAYOUT_STATUSES = ['processing', 'completed', 'completed_with_failures', 'cancelled'] as const;
export const PayoutStatus = z.enum(PAYOUT_STATUSES);
export type PayoutStatus = z.output<typeof PayoutStatus>;

/** Why lines of a payout were cancelled: by a request, or because too many of its payees have no wallet. */
export const PayoutCancelReason = z.enum(['requested', 'too_many_unknown_payees']);
export type PayoutCancelReason = z.output<typeof PayoutCancelReason>;

/** Answer of `GET /v1/payouts/{id}`, and what the topic `payout.<id>` tells. */
export const Payout = z
  .object({
    ...accepted,
    status: PayoutStatus,
    succeeded: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    cancelReason: PayoutCancelReason.optional().meta({
      description:
        'Why lines were cancelled: somebody requested it, or too many lines named payees without a wallet. ' +
        'Absent where none was',
    }),
    amount: z.int().meta({ description: 'Minor units of all items' }),
    paid: z.int().meta({ description: 'Minor units that have moved so far' }),
    currency: Currency,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    completedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Payout' });
export type Payout = z.output<typeof Payout>;

/** Answer of `GET /v1/payouts/{id}/owner`. */
export const PayoutOwner = z.object({ accountId: z.uuid() }).meta({ id: 'PayoutOwner' });

export const PAYOUT_ITEM_STATUSES = ['pending', 'succeeded', 'failed', 'cancelled'] as const;
export const PayoutItemStatus = z.enum(PAYOUT_ITEM_STATUSES);
export type PayoutItemStatus = z.output<typeof PayoutItemStatus>;

/** One line of a payout, and what became of it. */
export const PayoutItemResult = z
  .object({
    line: z.int(),
    to: z.string().meta({ description: 'E.164', example: '+917010233311' }),
    amount: AmountMinor,
    currency: Currency,
    note: z.string(),
    status: PayoutItemStatus,
    transferId: z.uuid().nullable().meta({ description: 'Where it succeeded' }),
    code: z.string().nullable().meta({ description: 'Why it failed', example: 'recipient_not_found' }),
    detail: z.string().nullable().meta({ description: 'The same for people' }),
  })
  .meta({ id: 'PayoutItemResult' });
export type PayoutItemResult = z.output<typeof PayoutItemResult>;

/** `payout.<id>`: a payout's progress, as it happens. */
export const payoutTopic = (payoutId: string): string => `payout.${payoutId}`;
/** Type of the events on that topic. */
export const PAYOUT_PROGRESS = 'payout.progress';
