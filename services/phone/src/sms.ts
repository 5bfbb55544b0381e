import { formatAmount, formatTime, oneLine, type Composed, type Recipient } from '@payfan/channel';
import { toE164, type PaymentEvent } from '@payfan/contracts';

/** A text message to one person. */
export interface Sms {
  /** E.164. */
  to: string;
  body: string;
}

/** A name fills no more of the message than this, however long it is. */
const LONGEST_NAME = 40;

/** Tells one side of a transfer about it. */
export function composeSms({ data }: PaymentEvent, { role, party }: Recipient): Composed<Sms> {
  const to = toE164(party.phone);
  if (to === undefined) return { kind: 'impossible', reason: 'the recipient has no phone number' };
  const other = oneLine((role === 'payer' ? data.payee : data.payer).name).slice(0, LONGEST_NAME);
  // The rupee sign is not in the GSM alphabet: with it, a message holds 70 characters instead of 160.
  const amount = formatAmount(data.amount, data.currency).replace('₹', 'Rs ');
  const what = role === 'payer' ? `You paid ${amount} to ${other}` : `You received ${amount} from ${other}`;
  const note = data.note === '' ? '' : ` Note: ${oneLine(data.note)}.`;
  const reference = data.transferId.slice(-12);
  const body = `Payfan: ${what} on ${formatTime(data.createdAt)}.${note} Ref ${reference}`;
  return { kind: 'message', message: { to, body } };
}
