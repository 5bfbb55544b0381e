'use client';

import { useState } from 'react';
import type { ApiError } from '../api/api-error.ts';
import { useAccount } from '../api/use-transaction.ts';
import { formatCount } from '../format/indian.ts';
import { formatMoney } from '../format/money.ts';
import { Button } from '../ui/button.tsx';
import { cx } from '../ui/cx.ts';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorNote, RequestId } from '../ui/error-note.tsx';
import { Figure } from '../ui/figure.tsx';
import { Icon } from '../ui/icon.tsx';
import { Money } from '../ui/money.tsx';
import type { CheckedCsv } from './good-lines.ts';
import { LineFaults } from './line-faults.tsx';

interface ReviewProps {
  /** Of the file. */
  name: string;
  size: string;
  checked: CheckedCsv;
  /** Why it was not taken. */
  error: ApiError | undefined;
  isSending: boolean;
  onSend: () => void;
  onForget: () => void;
}

/** On one line with the total, which is larger. */
const BESIDE_IT = 'text-lg leading-10';

/** What a chosen file would pay, what is wrong with it, and the last question before it is sent. */
export function Review({ name, size, checked, error, isSending, onSend, onForget }: ReviewProps) {
  const balance = useAccount().data?.balance;
  const [isAsking, setAsking] = useState(false);
  const { good, amount, badLines, faultCount, faults, isUnreadable } = checked;
  const goodLines = good.length;
  const refused = refusedLines(error);
  const partial = badLines > 0;
  const mayBeSent = error !== undefined && !error.isRefusal && !isSending;
  // The page and the service have read the same file in different ways.
  const isOutdated = error?.code === 'payout_differs';
  const canSend = !isUnreadable && goodLines > 0;
  const lines = `${formatCount(goodLines)} ${goodLines === 1 ? 'line' : 'lines'}`;
  return (
    <div className="grid gap-5">
      <div className="flex items-center gap-3 rounded-control bg-sunken px-4 py-3">
        <Icon name="payouts" className="text-muted" />
        <p className="min-w-0 flex-1">
          <span className="block truncate font-medium">{name}</span>
          <span className="text-[13px] text-muted">{size}</span>
        </p>
        <Button size="small" look="quiet" disabled={isSending} onClick={onForget}>
          Another file
        </Button>
      </div>
      {!isUnreadable && (
        <dl className="flex flex-wrap gap-x-10 gap-y-3">
          <Figure label="Total" className="text-[32px] leading-10 tracking-tight">
            <Money minor={amount} />
          </Figure>
          <Figure label="Good lines" className={BESIDE_IT}>
            {formatCount(goodLines)}
          </Figure>
          <Figure label="Lines with mistakes" className={cx(BESIDE_IT, badLines > 0 && 'text-bad')}>
            {formatCount(badLines)}
          </Figure>
          {balance !== undefined && (
            <Figure label="Your balance" className={BESIDE_IT}>
              {formatMoney(balance)}
            </Figure>
          )}
        </dl>
      )}
      {faults.length > 0 && (
        <LineFaults
          title={isUnreadable ? 'This file cannot be read from here on' : 'Mistakes in the file'}
          faults={faults}
          count={faultCount}
        />
      )}
      {refused.length > 0 && error !== undefined && (
        <div className="grid gap-1 text-bad">
          <LineFaults
            title="The payout service refused some lines"
            faults={refused}
            count={error.errorCount}
          />
          <RequestId error={error} />
        </div>
      )}
      {error !== undefined && refused.length === 0 && (
        <ErrorNote error={error} retry={error.isRetryable ? onSend : undefined} />
      )}
      {balance !== undefined && amount > balance && (
        <p role="status" className="rounded-control bg-warn-soft px-4 py-2.5 text-warn">
          Your balance does not cover the total: {formatMoney(amount - balance)} are missing.
        </p>
      )}
      <div className="flex flex-wrap items-center gap-3">
        {canSend ? (
          <Button
            look="primary"
            size="large"
            icon="arrowRight"
            busy={isSending}
            onClick={() => setAsking(true)}
          >
            {partial ? 'Send the good lines' : `Pay ${lines}`}
          </Button>
        ) : (
          <p className="text-muted">Mend the file, then choose it again. Nothing has been sent.</p>
        )}
        {isOutdated && (
          <p className="text-[13px] text-muted">
            This page may be older than the payout service. Reload the page, then choose the file again.
          </p>
        )}
        {canSend && partial && !mayBeSent && !isOutdated && (
          <p className="text-[13px] text-muted">
            Or mend the file and choose it again. Nothing has been sent.
          </p>
        )}
        {mayBeSent && (
          <p className="text-[13px] text-muted">
            Whether it was sent is not known. Sent again from here, it is paid once.
          </p>
        )}
      </div>
      <Dialog
        open={isAsking}
        onOpenChange={setAsking}
        title={`Pay ${formatMoney(amount)}?`}
        description={partial ? 'Lines with mistakes are left out.' : 'All lines of the file are paid.'}
        footer={
          <>
            <Button onClick={() => setAsking(false)}>Not yet</Button>
            <Button
              look="primary"
              onClick={() => {
                setAsking(false);
                onSend();
              }}
            >
              Pay now
            </Button>
          </>
        }
      >
        <p>
          {lines} of <span className="font-medium break-all">{name}</span> are paid from your account. You can
          cancel what has not been started.
        </p>
      </Dialog>
    </div>
  );
}

/** By line, where it was its lines that a file was refused for. */
function refusedLines(error: ApiError | undefined): CheckedCsv['faults'] {
  return (error?.errors ?? []).flatMap(({ line, path, message }) =>
    line === undefined ? [] : [{ line, path, message }],
  );
}
