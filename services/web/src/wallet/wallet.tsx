'use client';

import { useAccount } from '../api/use-transaction.ts';
import { ForWhom } from '../session/for-whom.tsx';
import { Money } from '../ui/money.tsx';
import { Page } from '../ui/page.tsx';
import { Panel } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Skeleton } from '../ui/skeleton.tsx';

export function Wallet() {
  const account = useAccount();
  return (
    <Page title="Wallet">
      <ForWhom kind="account" title="Balance">
        <Panel title="Balance" state={panelStateOf(account)} skeleton={<Skeleton className="h-12 w-64" />}>
          {account.data !== undefined && (
            <p className="text-[40px] leading-12 font-semibold tracking-tight">
              <Money minor={account.data.balance} />
            </p>
          )}
        </Panel>
      </ForWhom>
    </Page>
  );
}
