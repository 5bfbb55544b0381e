'use client';

import type { Entry } from '../api/transaction.ts';
import { useDeliveries } from '../api/deliveries.ts';
import { asApiError } from '../api/api-client.ts';
import { formatDuration } from '../format/time.ts';
import { Sheet } from '../ui/dialog.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { Icon } from '../ui/icon.tsx';
import { Money } from '../ui/money.tsx';
import { Status, type Tone } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { alertsOf, isSettled, type Alert } from './timeline.ts';

/** What a sheet tells of a transfer before it is looked at closer. */
export type TransferSeen = Pick<Entry, 'transferId' | 'amount' | 'counterparty' | 'note' | 'createdAt'>;

/** A transfer from the commit to the last of its six alerts, as it happens. */
export function TimelineSheet({
  transfer,
  onClose,
}: {
  transfer: TransferSeen | undefined;
  onClose: () => void;
}) {
  return (
    <Sheet
      open={transfer !== undefined}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={transfer === undefined ? 'Transfer' : titleOf(transfer)}
      description={transfer !== undefined && <Time at={transfer.createdAt} />}
    >
      {transfer !== undefined && <Timeline transfer={transfer} />}
    </Sheet>
  );
}

const titleOf = ({ amount, counterparty }: TransferSeen) =>
  amount < 0 ? `To ${counterparty.name}` : `From ${counterparty.name}`;

function Timeline({ transfer }: { transfer: TransferSeen }) {
  const deliveries = useDeliveries(transfer.transferId, isSettled);
  const alerts = alertsOf(deliveries.data?.data ?? []);
  return (
    <div className="grid gap-6">
      <div>
        <p className="text-3xl font-semibold tracking-tight">
          <Money minor={transfer.amount} change />
        </p>
        {transfer.note !== '' && <p className="mt-1 text-muted">{transfer.note}</p>}
      </div>
      <section aria-label="Money">
        <h3 className="mb-2 text-xs font-medium text-faint">Money</h3>
        <Step label="Debited and credited" tone="good" word="committed">
          <Time at={transfer.createdAt} as="seconds" />
        </Step>
      </section>
      {deliveries.error !== null && (
        <ErrorNote error={asApiError(deliveries.error)} retry={() => void deliveries.refetch()} />
      )}
      {(['payer', 'payee'] as const).map((role) => (
        <section key={role} aria-label={role === 'payer' ? 'Telling the payer' : 'Telling the payee'}>
          <h3 className="mb-2 text-xs font-medium text-faint">
            {role === 'payer' ? 'Telling the payer' : 'Telling the payee'}
          </h3>
          <ul className="grid gap-2">
            {alerts
              .filter((alert) => alert.role === role)
              .map((alert) => (
                <li key={alert.channel}>
                  <AlertStep alert={alert} />
                </li>
              ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

const LABELS = { push: 'Push', phone: 'SMS', email: 'Email' };
const STANDS: Record<Alert['status'], { tone: Tone; word: string; moving: boolean }> = {
  waiting: { tone: 'neutral', word: 'waiting', moving: true },
  sending: { tone: 'accent', word: 'sending', moving: true },
  retrying: { tone: 'warn', word: 'trying again', moving: true },
  sent: { tone: 'good', word: 'sent', moving: false },
  dead: { tone: 'bad', word: 'given up', moving: false },
};

function AlertStep({ alert: { channel, status, delivery } }: { alert: Alert }) {
  const { tone, word, moving } = STANDS[status];
  return (
    <Step label={LABELS[channel]} icon={channel} tone={tone} word={word} moving={moving}>
      {delivery !== undefined && (
        <>
          {delivery.sentAt !== null && <Time at={delivery.sentAt} as="seconds" />}
          {delivery.latencyMs !== null && <span> · after {formatDuration(delivery.latencyMs)}</span>}
          {delivery.attempts > 1 && <span> · {delivery.attempts} attempts</span>}
          <span className="block truncate">{delivery.recipient}</span>
          {delivery.error !== null && <span className="block break-words text-bad">{delivery.error}</span>}
        </>
      )}
    </Step>
  );
}

function Step({
  label,
  icon = 'check',
  tone,
  word,
  moving = false,
  children,
}: {
  label: string;
  icon?: 'check' | Alert['channel'];
  tone: Tone;
  word: string;
  moving?: boolean;
  children?: React.ReactNode;
}) {
  return (
    <div className="flex gap-3 rounded-control border px-3.5 py-3">
      <Icon name={icon} className="mt-0.5 text-muted" />
      <div className="min-w-0 flex-1">
        <div className="flex items-center justify-between gap-3">
          <span className="font-medium">{label}</span>
          <Status tone={tone} moving={moving} className="text-[13px]">
            {word}
          </Status>
        </div>
        <div className="text-[13px] text-muted tabular-nums">{children}</div>
      </div>
    </div>
  );
}
