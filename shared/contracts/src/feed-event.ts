import { z } from 'zod';
import { PayoutCompleted } from './events.ts';
import { LiveEvent } from './live.ts';
import { AmountMinor, Currency } from './money.ts';

/** What one side of a transfer is told about it: of the other, no more than the name. */
const TransferTold = z.object({
  transferId: z.uuid(),
  amount: AmountMinor,
  currency: Currency,
  counterparty: z.object({ name: z.string() }),
  note: z.string(),
  createdAt: z.iso.datetime(),
});

/** What the owner of a payout is told when it is finished. */
const PayoutTold = PayoutCompleted.shape.data.omit({ owner: true });

const feedEntry = LiveEvent.extend({
  topic: z
    .string()
    .regex(/^account\./)
    .meta({ description: '`account.<id>`' }),
  seq: z.int().min(1).meta({ description: 'From 1 without gaps' }),
});

/** An entry of an account's feed, as push writes it today. The log outlives this: readers take any `LiveEvent`. */
export const FeedEvent = z.discriminatedUnion('type', [
  feedEntry.extend({ type: z.enum(['transfer.debited', 'transfer.credited']), data: TransferTold }),
  feedEntry.extend({ type: z.literal('payout.completed'), data: PayoutTold }),
]);
export type FeedEvent = z.output<typeof FeedEvent>;

/** An event of a topic without a log: told once, to whoever follows the topic now. */
export const TopicEvent = LiveEvent.omit({ seq: true });
export type TopicEvent = z.output<typeof TopicEvent>;
