import type { Composed, Recipient } from '@payfan/channel';
import type { FeedEvent, PaymentEvent } from '@payfan/contracts';

/** What one account's feed tells of one event. */
export interface FeedItem extends Pick<FeedEvent, 'type' | 'data'> {
  accountId: string;
  eventId: string;
}

/** An item with its place in the feed. */
export interface FeedEntry extends FeedItem {
  seq: number;
  /** When it got there. */
  createdAt: Date;
}

/** Tells one side of a transfer about it: of the other, no more than the name. */
export function composeItem({ id, data }: PaymentEvent, { role, party }: Recipient): Composed<FeedItem> {
  const { transferId, amount, currency, note, createdAt } = data;
  const { name } = role === 'payer' ? data.payee : data.payer;
  return {
    kind: 'message',
    message: {
      accountId: party.accountId,
      eventId: id,
      type: role === 'payer' ? 'transfer.debited' : 'transfer.credited',
      data: { transferId, amount, currency, counterparty: { name }, note, createdAt },
    },
  };
}
