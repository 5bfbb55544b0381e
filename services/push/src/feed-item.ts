import type { Composed, Recipient } from '@payfan/channel';
import type { FeedEvent, PaymentEvent, PayoutCompleted, Role, TransferCompleted } from '@payfan/contracts';

type PayoutTold = Extract<FeedEvent, { type: 'payout.completed' }>;
export type PayoutNews = Pick<PayoutTold, 'type' | 'data'>;
export type TransferNews = Pick<Exclude<FeedEvent, PayoutTold>, 'type' | 'data'>;

/** What one account's feed tells of one event. */
export type FeedItem = { accountId: string; eventId: string } & (TransferNews | PayoutNews);

/** An item with its place in the feed. */
export type FeedEntry = FeedItem & {
  seq: number;
  /** When it got there. */
  createdAt: Date;
};

/** Tells one side of a transfer about it, or the owner of a payout that it is completed. */
export function composeItem(
  { id, type, data }: PaymentEvent,
  { role, party }: Recipient,
): Composed<FeedItem> {
  const news = type === 'payfan.payout.completed.v1' ? aboutPayout(data) : aboutTransfer(data, role);
  return { kind: 'message', message: { accountId: party.accountId, eventId: id, ...news } };
}

/** Of the other side, no more than the name. */
function aboutTransfer(data: TransferCompleted['data'], role: Role): TransferNews {
  const { transferId, amount, currency, note, createdAt } = data;
  const { name } = role === 'payer' ? data.payee : data.payer;
  return {
    type: role === 'payer' ? 'transfer.debited' : 'transfer.credited',
    data: { transferId, amount, currency, counterparty: { name }, note, createdAt },
  };
}

function aboutPayout({ owner: _, ...data }: PayoutCompleted['data']): PayoutNews {
  return { type: 'payout.completed', data };
}
