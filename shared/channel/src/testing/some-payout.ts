import { randomUUID } from 'node:crypto';
import type { PayoutCompleted } from '@payfan/contracts';
import { newTraceparent } from '@payfan/service';
import { someParty } from './some-transfer.ts';

interface Whims extends Partial<
  Pick<PayoutCompleted['data'], 'succeeded' | 'failed' | 'cancelled' | 'amount'>
> {
  ownerName?: string;
}

/** A payout that has just been completed: 98 of 100 payments were made, ₹9,800.00 in all. */
export function somePayout(whims: Whims = {}): PayoutCompleted {
  const { succeeded = 98, failed = 2, cancelled = 0, amount = 9_800_00, ownerName = 'Asha Rao' } = whims;
  const payoutId = randomUUID();
  const completedAt = new Date().toISOString();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/payfan/contract',
    type: 'payfan.payout.completed.v1',
    subject: payoutId,
    time: completedAt,
    datacontenttype: 'application/json',
    traceparent: newTraceparent(),
    correlationid: randomUUID(),
    lane: 'interactive',
    data: {
      payoutId,
      lane: 'premium',
      total: succeeded + failed + cancelled,
      succeeded,
      failed,
      cancelled,
      amount,
      currency: 'INR',
      createdAt: completedAt,
      completedAt,
      owner: someParty(ownerName),
    },
  };
}
