'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiClient } from '../api/api-provider.tsx';
import { cancelPayout, doneOf, fetchResults, payoutKeys, type Payout } from '../api/payout.ts';
import { usePayout } from '../api/use-payout.ts';
import { formatCount, formatShare } from '../format/indian.ts';
import { formatMoney } from '../format/money.ts';
import { formatDuration } from '../format/time.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useFailureToast } from '../ui/failure-toast.tsx';
import { Money } from '../ui/money.tsx';
import { Panel } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { Progress } from '../ui/progress.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Badge, Status } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { useToast } from '../ui/toasts.tsx';
import { useHeld } from '../ui/use-held.ts';
import { Failures } from './failures.tsx';
import { STATUS_WORDS } from './payout-words.ts';
import { saveFile } from './save-file.ts';

/** One payout: how far it is, what failed, its results, and the way to stop it. */
export function PayoutDetail({ id }: { id: string }) {
  const { query, payout } = usePayout(id);
  const actions = payout !== undefined && (
    <>
      <Cancel payout={payout} />
      <Download id={id} />
    </>
  );
  return (
    <Panel
      title="Progress"
      description={
        payout === undefined ? undefined : (
          <>
            Sent <Time at={payout.createdAt} />
          </>
        )
      }
      actions={actions}
      state={panelStateOf(query)}
      skeleton={<Skeleton className="h-36" />}
    >
      {payout !== undefined && <Standing payout={payout} />}
    </Panel>
  );
}

function Standing({ payout }: { payout: Payout }) {
  const { status, total, succeeded, failed, cancelled, amount, paid, lane, createdAt, completedAt } = payout;
  const done = doneOf(payout);
  const { word, tone } = STATUS_WORDS[status];
  const text = `${formatCount(done)} of ${formatCount(total)}`;
  return (
    <div className="grid gap-5">
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <p>
          <Money minor={paid} className="block text-[32px] leading-10 font-semibold tracking-tight" />
          <span className="text-muted">paid of {formatMoney(amount)}</span>
        </p>
        <div className="flex items-center gap-3">
          <Badge>{lane === 'premium' ? 'Premium lane' : 'Free lane'}</Badge>
          <span role="status">
            <Status tone={tone} moving={status === 'processing'} className="font-medium">
              {word}
            </Status>
          </span>
        </div>
      </div>
      <div className="grid gap-2">
        <Progress label="Lines done" value={done} max={total} text={text} tone={tone} />
        <p className="flex flex-wrap justify-between gap-x-4 text-[13px] text-muted tabular-nums">
          <span>
            {text} lines · {formatShare(done, total)}
          </span>
          {completedAt !== null && (
            <span>took {formatDuration(Date.parse(completedAt) - Date.parse(createdAt))}</span>
          )}
        </p>
      </div>
      <dl className="grid grid-cols-3 gap-3">
        <Count label="Paid" count={succeeded} />
        <Count label="Failed" count={failed} isBad={failed > 0} />
        <Count label="Cancelled" count={cancelled} />
      </dl>
      {failed > 0 && <Failures payout={payout} />}
    </div>
  );
}

function Count({ label, count, isBad = false }: { label: string; count: number; isBad?: boolean }) {
  return (
    <div className="rounded-control bg-sunken px-3.5 py-2.5">
      <dt className="text-xs text-muted">{label}</dt>
      <dd className={`text-lg font-semibold tabular-nums ${isBad ? 'text-bad' : ''}`}>
        {formatCount(count)}
      </dd>
    </div>
  );
}

function Download({ id }: { id: string }) {
  const api = useApiClient('payout');
  const tellFailure = useFailureToast();
  const [isBusy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      saveFile(await fetchResults(api, id), `payout-${id}.csv`);
    } catch (error) {
      tellFailure('No results downloaded', error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button size="small" icon="download" busy={isBusy} onClick={() => void download()}>
      Results
    </Button>
  );
}

function Cancel({ payout: { id, status, total, succeeded, failed } }: { payout: Payout }) {
  const api = useApiClient('payout');
  const queries = useQueryClient();
  const toast = useToast();
  const tellFailure = useFailureToast();
  const { isHeld, holding } = useHeld();
  const [isOpen, setOpen] = useState(false);
  /** Until focus is back: a payout may be over before that, and the button is what it goes back to. */
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const isOver = status !== 'processing';
  const cancel = async () => {
    setBusy(true);
    try {
      await cancelPayout(api, id);
      toast({ title: 'Payout cancelled', detail: 'Lines that were being paid are finished.' });
    } catch (error) {
      tellFailure('Not cancelled', error);
    } finally {
      setBusy(false);
      setOpen(false);
      void queries.invalidateQueries({ queryKey: payoutKeys.one(id) });
      void queries.invalidateQueries({ queryKey: payoutKeys.list });
    }
  };
  const ask = () => {
    setAsking(true);
    setOpen(true);
  };
  if (isOver && !isHeld && !isAsking) return null;
  return (
    <>
      <Button size="small" look="danger" {...holding} over={isOver} onClick={ask}>
        Cancel payout
      </Button>
      <Dialog
        open={isOpen}
        onOpenChange={(open) => !isBusy && setOpen(open)}
        onClosed={() => setAsking(false)}
        title="Cancel what is left of this payout?"
        description="What has been paid stays paid."
        footer={
          <>
            <Button onClick={() => setOpen(false)} disabled={isBusy}>
              Go on paying
            </Button>
            <Button look="danger" busy={isBusy} onClick={() => void cancel()}>
              Cancel payout
            </Button>
          </>
        }
      >
        <p>
          {formatCount(total - succeeded - failed)} of {formatCount(total)} lines have not been paid. Those
          that are just being paid are finished, and the others are left out.
        </p>
      </Dialog>
    </>
  );
}
