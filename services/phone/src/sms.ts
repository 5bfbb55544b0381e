import {
  formatAmount,
  formatCount,
  formatTime,
  withoutLinks,
  type Composed,
  type Recipient,
} from '@payfan/channel';
import {
  beginningOf,
  toE164,
  type PaymentEvent,
  type PayoutCompleted,
  type Role,
  type TransferCompleted,
} from '@payfan/contracts';

/** A text message to one person. */
export interface Sms {
  /** E.164. */
  to: string;
  body: string;
}

/** The longest value that a message template registered with the Indian operators (DLT) may be filled with. */
const LONGEST_NAME = 30;

/** Tells one side of a transfer about it, or the owner of a payout that it is completed. */
export function composeSms({ type, data }: PaymentEvent, { role, party }: Recipient): Composed<Sms> {
  const to = toE164(party.phone);
  if (to === undefined) return { kind: 'impossible', reason: 'the recipient has no phone number' };
  const what = type === 'payfan.payout.completed.v1' ? aboutPayout(data) : aboutTransfer(data, role);
  return { kind: 'message', message: { to, body: `Payfan: ${what}` } };
}

/** Without the note: no registered template has room for it, and an SMS is the easiest place to plant a link. */
function aboutTransfer(data: TransferCompleted['data'], role: Role): string {
  const { name } = role === 'payer' ? data.payee : data.payer;
  const other = beginningOf(withoutLinks(name), LONGEST_NAME).trim();
  const amount = amountOf(data);
  const what = role === 'payer' ? `You paid ${amount} to ${other}` : `You received ${amount} from ${other}`;
  return `${what} on ${formatTime(data.createdAt)}. ${reference(data.transferId)}`;
}

function aboutPayout(data: PayoutCompleted['data']): string {
  const [succeeded, total] = [data.succeeded, data.total].map(formatCount);
  const others = [
    ...(data.failed > 0 ? [`${formatCount(data.failed)} failed`] : []),
    ...(data.cancelled > 0 ? [`${formatCount(data.cancelled)} cancelled`] : []),
  ];
  const rest = others.length === 0 ? '' : ` ${others.join(', ')}.`;
  return `Your payout made ${succeeded} of ${total} payments, ${amountOf(data)} in all, by ${formatTime(data.completedAt)}.${rest} ${reference(data.payoutId)}`;
}

const reference = (id: string): string => `Ref ${id.slice(-12)}`;

/** The rupee sign is not in the GSM alphabet: with it, a message holds 70 characters instead of 160. */
const amountOf = ({ amount, currency }: PaymentEvent['data']): string =>
  formatAmount(amount, currency).replace('₹', 'Rs ');
