'use client';

import { useEffect, useState, useSyncExternalStore } from 'react';
import { useApiAddress } from '../api/api-provider.tsx';
import { ForWhom } from '../session/for-whom.tsx';
import { useSession } from '../session/session-provider.tsx';
import { Button } from '../ui/button.tsx';
import { Page } from '../ui/page.tsx';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { Chart } from './chart.tsx';
import { type Metric } from './chart-lines.ts';
import { COMPARED, Comparison } from './comparison.ts';
import { SendTransfer } from './send-transfer.tsx';
import { TransportCard } from './transport-card.tsx';

const OPTIONS = [
  { value: 'freshness', label: 'Freshness' },
  { value: 'bytes', label: 'Bytes' },
  { value: 'requests', label: 'Requests' },
] as const;

/** `demo`: there are demo people to send money to. */
export function Compare({ demo }: { demo: boolean }) {
  return (
    <Page
      title="Compare"
      description="WebSocket, server-sent events and polling, side by side on your account."
    >
      <ForWhom kind="account" title="Three ways">
        <Content demo={demo} />
      </ForWhom>
    </Page>
  );
}

function Content({ demo }: { demo: boolean }) {
  const { state, startAgain } = useComparison();
  const [metric, setMetric] = useState<Metric>('freshness');
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-3">
        {demo ? (
          <SendTransfer />
        ) : (
          <p className="text-muted">Each transfer that this account sends or gets moves the figures.</p>
        )}
        <Button look="quiet" icon="refresh" onClick={startAgain}>
          Start again
        </Button>
      </div>
      <div className="grid gap-4 md:grid-cols-3">
        {COMPARED.map((transport) => (
          <TransportCard key={transport} transport={transport} state={state} />
        ))}
      </div>
      <Panel
        title="Over time"
        description="The last two minutes."
        actions={<Segmented label="What is drawn" value={metric} options={OPTIONS} onChange={setMetric} />}
      >
        <Chart state={state} metric={metric} />
      </Panel>
      <p className="max-w-3xl text-[13px] text-muted">
        Freshness is the time from when an event happened, by the clock of the service, to when it was told
        here, by the clock of this computer. Of headers only those that a page can see are counted, for all
        three alike. Polling waits at the gateway for up to 20 seconds, so it asks little while nothing
        happens.
      </p>
    </>
  );
}

/** Measures for as long as it is on the page. */
function useComparison() {
  const url = useApiAddress('gateway');
  const { token, state: who } = useSession();
  const [comparison] = useState(() => new Comparison({ url, token }));
  const [round, setRound] = useState(0);
  const accountId =
    who.phase === 'open' && who.principal.kind === 'account' ? who.principal.accountId : undefined;
  useEffect(
    () => (accountId === undefined ? undefined : comparison.follow(accountId)),
    [comparison, accountId, round],
  );
  const state = useSyncExternalStore(comparison.watch, comparison.state, comparison.stateOnServer);
  return { state, startAgain: () => setRound(round + 1) };
}
