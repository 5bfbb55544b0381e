'use client';

import { useState } from 'react';
import type { Entry } from '../api/transaction.ts';
import { deliveriesKey, useDeliveries } from '../api/deliveries.ts';
import { formatMoney } from '../format/money.ts';
import { formatPhone } from '../format/phone.ts';
import { formatDuration } from '../format/time.ts';
import { useRefetchOnEvents } from '../live/use-refetch-on-events.ts';
import { Sheet } from '../ui/dialog.tsx';
import { Icon, type IconName } from '../ui/icon.tsx';
import { Money } from '../ui/money.tsx';
import { PanelContent } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Status, type Tone } from '../ui/status.tsx';
import { Time, useNow } from '../ui/time.tsx';
import { UnavailableNote } from '../ui/unavailable-note.tsx';
import { alertsOf, isAbout, isPastKeeping, nextAttemptIn, pollAgainMs, type Alert } from './timeline.ts';

/** What a sheet tells of a transfer before it is looked at closer. */
export type TransferSeen = Pick<Entry, 'transferId' | 'amount' | 'counterparty' | 'note' | 'createdAt'>;

/** A transfer from the commit to the last of its alerts, as it happens. */
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
      {transfer !== undefined && <Timeline key={transfer.transferId} transfer={transfer} />}
    </Sheet>
  );
}

const titleOf = ({ amount, counterparty }: TransferSeen) =>
  amount < 0 ? `To ${counterparty.name}` : `From ${counterparty.name}`;

function Timeline({ transfer }: { transfer: TransferSeen }) {
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
        <ul className="grid gap-2">
          <li>
            <MoneyStep transfer={transfer} of="payer" />
          </li>
          <li>
            <MoneyStep transfer={transfer} of="payee" />
          </li>
        </ul>
      </section>
      {isOfTreasury(transfer) ? (
        <p className="text-muted">Nobody is told of an opening balance.</p>
      ) : (
        <Alerts transfer={transfer} />
      )}
    </div>
  );
}

/** Only the treasury has no phone number. */
const isOfTreasury = ({ counterparty }: TransferSeen) => counterparty.phone === null;

const NOTHING_KNOWN = { data: [], unavailable: [] };

function Alerts({ transfer: { transferId, createdAt } }: { transfer: TransferSeen }) {
  const [openedAt] = useState(Date.now);
  const isOld = isPastKeeping(createdAt, openedAt);
  const deliveries = useDeliveries(transferId, (known) =>
    pollAgainMs(known, { isOld, openForMs: Date.now() - openedAt }),
  );
  useRefetchOnEvents(deliveriesKey(transferId), (event) => isAbout(event, transferId));
  const known = deliveries.data ?? NOTHING_KNOWN;
  const alerts = alertsOf(known, { isOld });
  if (deliveries.data !== undefined && alerts.every(({ status }) => status === 'unrecorded')) {
    return <p className="text-muted">No record is kept of who was told.</p>;
  }
  return (
    <PanelContent state={panelStateOf(deliveries)} skeleton={<SkeletonRows rows={6} className="h-18" />}>
      <UnavailableNote channels={known.unavailable.map((channel) => looksOf(channel).label)} />
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
    </PanelContent>
  );
}

/** Both sides are of one commit, so that there is never the one without the other. */
function MoneyStep({ transfer, of }: { transfer: TransferSeen; of: 'payer' | 'payee' }) {
  const { amount, counterparty, createdAt } = transfer;
  const isOwn = amount < 0 === (of === 'payer');
  return (
    <Step label={of === 'payer' ? 'Debited' : 'Credited'} tone="good" word="done">
      <Time at={createdAt} as="seconds" />
      <span>
        {' · '}
        {formatMoney(Math.abs(amount))} {of === 'payer' ? 'from' : 'to'} {isOwn ? 'you' : counterparty.name}
      </span>
    </Step>
  );
}

/** Of channels that this page knows; another one is called by its own name. */
const LOOKS: Partial<Record<string, { label: string; icon: IconName }>> = {
  push: { label: 'Push', icon: 'push' },
  phone: { label: 'SMS', icon: 'phone' },
  email: { label: 'Email', icon: 'email' },
};
const looksOf = (channel: string): { label: string; icon: IconName } =>
  LOOKS[channel] ?? { label: channel, icon: 'bell' };

const STANDS: Record<Alert['status'], { tone: Tone; word: string; moving: boolean }> = {
  waiting: { tone: 'neutral', word: 'waiting', moving: true },
  untold: { tone: 'neutral', word: 'not told', moving: false },
  unknown: { tone: 'neutral', word: 'not known', moving: false },
  unrecorded: { tone: 'neutral', word: 'no record', moving: false },
  sending: { tone: 'accent', word: 'sending', moving: true },
  retrying: { tone: 'warn', word: 'trying again', moving: true },
  sent: { tone: 'good', word: 'sent', moving: false },
  dead: { tone: 'bad', word: 'given up', moving: false },
};

function AlertStep({ alert: { channel, status, delivery } }: { alert: Alert }) {
  const { tone, word, moving } = STANDS[status];
  const { label, icon } = looksOf(channel);
  return (
    <Step label={label} icon={icon} tone={tone} word={word} moving={moving}>
      {delivery !== undefined && (
        <>
          {delivery.sentAt !== null && <Time at={delivery.sentAt} as="seconds" />}
          {delivery.latencyMs !== null && <span> · after {formatDuration(delivery.latencyMs)}</span>}
          {delivery.attempts > 1 && (
            <span>
              {delivery.sentAt !== null && ' · '}
              {delivery.attempts} attempts
            </span>
          )}
          {delivery.pausedSeconds > 0 && (
            <span className="block">
              The channel was paused for {formatDuration(delivery.pausedSeconds * 1_000)} of that time: every
              provider failed
            </span>
          )}
          {delivery.nextAttemptAt !== null && <NextAttempt at={delivery.nextAttemptAt} />}
          <span className="block truncate">{formatPhone(delivery.recipient)}</span>
          {delivery.error !== null && <span className="block break-words text-bad">{delivery.error}</span>}
        </>
      )}
    </Step>
  );
}

function NextAttempt({ at }: { at: string }) {
  const now = useNow(250);
  return <span className="block">{now !== undefined && nextAttemptIn(at, now)}</span>;
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
  icon?: IconName;
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
          <span className="font-medium first-letter:uppercase">{label}</span>
          <Status tone={tone} moving={moving} className="text-[13px]">
            {word}
          </Status>
        </div>
        <div className="text-[13px] text-muted tabular-nums">{children}</div>
      </div>
    </div>
  );
}
