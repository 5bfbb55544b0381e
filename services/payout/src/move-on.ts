import type { PayoutCancelReason } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { Done } from './commit-with-events.ts';
import { statusOf } from './payout.ts';
import { completedOf, type Making } from './payout-events.ts';
import { updatePayout, type LockedPayout, type StoredPayout } from './payout-store.ts';

/** Lines that have got their outcome, and the minor units that have moved. */
export interface Step {
  succeeded?: number;
  failed?: number;
  cancelled?: number;
  /** Given where lines are cancelled. */
  cancelReason?: PayoutCancelReason | undefined;
  /** Of the lines that failed, those whose payee has no wallet. */
  unknownPayees?: number;
  paid?: number;
}

/** Counts lines of a locked payout as done. With the last of them it is finished, and its owner will be told. */
export async function moveOn(
  tx: Queryable,
  { payout, version, owner, trace, unknownPayees }: LockedPayout,
  step: Step,
  making: Making,
): Promise<Done<StoredPayout>> {
  const counts = {
    total: payout.total,
    succeeded: payout.succeeded + (step.succeeded ?? 0),
    failed: payout.failed + (step.failed ?? 0),
    cancelled: payout.cancelled + (step.cancelled ?? 0),
  };
  const status = statusOf(counts);
  const cancelReason = step.cancelReason ?? payout.cancelReason;
  const nowText = making.now().toISOString();
  const moved = {
    ...payout,
    ...counts,
    ...(cancelReason === undefined ? {} : { cancelReason }),
    status,
    paid: payout.paid + (step.paid ?? 0),
    updatedAt: nowText,
    completedAt: status === 'processing' ? null : nowText,
  };
  await updatePayout(tx, moved, unknownPayees + (step.unknownPayees ?? 0));
  const { completedAt } = moved;
  return {
    value: { payout: moved, version: version + 1 },
    events: completedAt === null ? [] : [completedOf({ ...moved, completedAt }, { owner, trace }, making)],
  };
}
