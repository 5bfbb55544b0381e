import type { FeedEvent } from '@payfan/contracts';
import { formatCount } from '../format/indian.ts';
import { formatMoney } from '../format/money.ts';

/** An event as it came; its `data` is what its type says, or something that is newer than this page. */
interface Told {
  type: string;
  data: unknown;
}

type TransferTold = Extract<FeedEvent, { type: 'transfer.debited' | 'transfer.credited' }>['data'];
type PayoutTold = Extract<FeedEvent, { type: 'payout.completed' }>['data'];

/** An event in one line. */
export function newsOf({ type, data }: Told): string {
  switch (type) {
    case 'transfer.credited': {
      const { amount, counterparty } = data as TransferTold;
      return `${formatMoney(amount)} from ${counterparty.name}`;
    }
    case 'transfer.debited': {
      const { amount, counterparty } = data as TransferTold;
      return `${formatMoney(amount)} to ${counterparty.name}`;
    }
    case 'payout.completed': {
      const { succeeded, total } = data as PayoutTold;
      return `Payout finished: ${formatCount(succeeded)} of ${formatCount(total)} lines paid`;
    }
    default:
      return 'Something happened on this account';
  }
}

/** Whether the page says it in the corner while it happens: not what the person has just done. */
export const isWorthAToast = ({ type }: Told): boolean => type !== 'transfer.debited';
