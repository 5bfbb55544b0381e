import type { PaymentEvent } from '@payfan/contracts';

/** What an alert tells of, by which it is found again: a transfer, or a payout as a whole. */
export interface ToldOf {
  transferId?: string | undefined;
  payoutId?: string | undefined;
  /** Of a transfer of a payout: the payer's account, which has no alert of its own and may see the payee's. */
  untoldPayerId?: string | undefined;
  /** ISO 8601: when it was committed. */
  committedAt: string;
}

export function toldOf({ type, data }: PaymentEvent): ToldOf {
  if (type === 'payfan.payout.completed.v1')
    return { payoutId: data.payoutId, committedAt: data.completedAt };
  const { transferId, createdAt: committedAt, payoutId, payer } = data;
  return payoutId === undefined
    ? { transferId, committedAt }
    : { transferId, committedAt, untoldPayerId: payer.accountId };
}
