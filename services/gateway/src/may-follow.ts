import type { Principal } from '@payfan/service';
import { mayFollow, type Grants } from './grants.ts';
import type { PayoutOwners } from './payout-owners.ts';

/** Whether somebody may follow a topic; a promise where others must be asked, which may reject. */
export type MayFollow = (principal: Principal, topic: string) => boolean | Promise<boolean>;

const OF_PAYOUT = /^payout\.([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

/** By the grants, and of a payout also its owner. Of a payout that there is not, nobody is the owner. */
export function followRule(grants: Grants, owners: Pick<PayoutOwners, 'ownerOf'>): MayFollow {
  return (principal, topic) => {
    if (mayFollow(principal, topic, grants)) return true;
    const payoutId = OF_PAYOUT.exec(topic)?.[1];
    if (principal.kind !== 'account' || payoutId === undefined) return false;
    const { accountId } = principal;
    return owners.ownerOf(payoutId, accountId).then((owner) => owner === accountId);
  };
}
