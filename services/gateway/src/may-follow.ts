import type { Principal } from '@payfan/service';
import type { PayoutOwners } from './payout-owners.ts';
import { mayFollow } from './topic-rights.ts';

/** Whether a principal may follow a topic; a promise where the payout service must be asked, which may reject. */
export type MayFollow = (principal: Principal, topic: string) => boolean | Promise<boolean>;

const OF_PAYOUT = /^payout\.([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

/** As `mayFollow`; a payout may be followed by its owner too. A payout that does not exist has no owner. */
export function followRule(owners: Pick<PayoutOwners, 'ownerOf'>): MayFollow {
  return (principal, topic) => {
    if (mayFollow(principal, topic)) return true;
    const payoutId = OF_PAYOUT.exec(topic)?.[1];
    if (principal.kind !== 'account' || payoutId === undefined) return false;
    const { accountId } = principal;
    return owners.ownerOf(payoutId, accountId).then((owner) => owner === accountId);
  };
}
