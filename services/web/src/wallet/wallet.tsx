'use client';

import { useState } from 'react';
import { transactionKeys, type Transfer } from '../api/transaction.ts';
import { useAccount } from '../api/use-transaction.ts';
import { formatPhone } from '../format/phone.ts';
import { useAccountEvents } from '../live/account-line.tsx';
import { useRefetchOnEvents } from '../live/use-refetch-on-events.ts';
import { ForWhom } from '../session/for-whom.tsx';
import { useNotLoadedToast } from '../ui/not-loaded-toast.tsx';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Panel } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Skeleton } from '../ui/skeleton.tsx';
import { useToast } from '../ui/toasts.tsx';
import { useLoaded } from '../ui/use-loaded.ts';
import { History } from './history.tsx';
import { SendMoney } from './send-money.tsx';
import { isWorthAToast, newsOf } from './news-of.ts';
import type { TransferSeen } from './timeline-sheet.tsx';

const loadTimeline = () => import('./timeline-sheet.tsx');
/** So that nothing but the API is waited for once the money is sent; whether it is there is asked when it is opened. */
const prepareTimeline = () => void loadTimeline().catch(() => undefined);

/** One's money: how much there is, sending some, and what became of it. */
export function Wallet() {
  return (
    <Page title="Wallet">
      <ForWhom kind="account" title="Balance">
        <Content />
      </ForWhom>
    </Page>
  );
}

function Content() {
  const toast = useToast();
  const [seen, setSeen] = useState<TransferSeen>();
  const tellNotLoaded = useNotLoadedToast();
  const timeline = useLoaded(loadTimeline, seen !== undefined, () => {
    setSeen(undefined);
    tellNotLoaded();
  });
  useRefetchOnEvents(transactionKeys.all);
  useAccountEvents((event) => {
    if (isWorthAToast(event)) toast({ title: newsOf(event), kind: 'success' });
  });
  return (
    <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,22rem)_minmax(0,1fr)]">
      <div className="grid gap-6">
        <Balance />
        <SendMoney onReview={prepareTimeline} onSent={(transfer) => setSeen(asSeen(transfer))} />
      </div>
      <History onOpen={setSeen} />
      {seen !== undefined && timeline !== undefined && (
        <timeline.TimelineSheet transfer={seen} onClose={() => setSeen(undefined)} />
      )}
    </div>
  );
}

function Balance() {
  const account = useAccount();
  return (
    <Panel title="Balance" state={panelStateOf(account)} skeleton={<Skeleton className="h-18 w-56" />}>
      {account.data !== undefined && (
        <>
          <p className="text-[40px] leading-12 font-semibold tracking-tight">
            <Money minor={account.data.balance} />
          </p>
          <p className="mt-1 text-muted">
            {account.data.name} · {formatPhone(account.data.phone)}
          </p>
        </>
      )}
    </Panel>
  );
}

/** As the payer sees it, before the ledger's entry is read. */
const asSeen = ({ id, amount, to, note, createdAt }: Transfer): TransferSeen => ({
  transferId: id,
  amount: -amount,
  counterparty: { name: formatPhone(to), phone: to },
  note,
  createdAt,
});
