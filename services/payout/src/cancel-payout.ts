import type { Database } from '@payfan/database';
import { cancelPending } from './chunk-store.ts';
import { commitWithEvents, type Events } from './commit-with-events.ts';
import type { Making } from './payout-events.ts';
import { lockPayout, type StoredPayout } from './payout-store.ts';
import { moveOn } from './move-on.ts';

export interface CancelPayoutOptions extends Making {
  database: Database;
  outbox: Events;
}

/**
 * Cancels all lines of a payout that nobody has begun; what is under way is finished. Answers the payout as it is
 * then, or undefined if this account has no such payout (null: any account).
 */
export function cancelPayout(
  options: CancelPayoutOptions,
  { id, accountId }: { id: string; accountId: string | null },
): Promise<StoredPayout | undefined> {
  return commitWithEvents(options, async (tx) => {
    const locked = await lockPayout(tx, id, accountId);
    if (locked === undefined) return { value: undefined, events: [] };
    const cancelled = await cancelPending(tx, id);
    if (cancelled === 0) return { value: locked, events: [] };
    return moveOn(tx, locked, { cancelled, cancelReason: 'requested' }, options);
  });
}
