'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { asApiError } from '../api/api-client.ts';
import { useApiClient } from '../api/api-provider.tsx';
import { newIdempotencyKey } from '../api/new-idempotency-key.ts';
import { sendTransfer, transactionKeys, type NewTransfer, type Transfer } from '../api/transaction.ts';
import { formatMoney, groupTypedAmount, parseAmount } from '../format/money.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { Field, Input } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';

/** Ten digits, with or without what India's numbers begin with. The API knows better, and says so. */
const PHONE = /^[+\d][\d\s()-]{9,17}$/;
const MAX_NOTE = 140;

interface Draft {
  to: string;
  amount: string;
  note: string;
}
const EMPTY: Draft = { to: '', amount: '', note: '' };

/** Sends money once for each form, however often it is pressed or repeated. */
export function SendMoney({ onSent }: { onSent: (transfer: Transfer) => void }) {
  const [forms, setForms] = useState(1);
  return (
    <Form
      key={forms}
      onSent={(transfer) => {
        setForms((count) => count + 1);
        onSent(transfer);
      }}
    />
  );
}

function Form({ onSent }: { onSent: (transfer: Transfer) => void }) {
  // Kept through every attempt, until one is refused for good: what is changed then is another transfer.
  const [idempotencyKey, setIdempotencyKey] = useState(newIdempotencyKey);
  const [draft, setDraft] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const [asked, setAsked] = useState<NewTransfer>();
  const wrong = problemsOf(draft);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  function review(event: SyntheticEvent) {
    event.preventDefault();
    setTried(true);
    const amount = parseAmount(draft.amount);
    if (wrong.to !== undefined || amount === undefined) return;
    setAsked({ to: draft.to.trim(), amount, currency: 'INR', note: draft.note.trim() });
  }
  return (
    <Panel title="Send money">
      <form noValidate onSubmit={review} className="grid gap-4">
        <Field label="Phone number" {...(tried && wrong.to !== undefined && { error: wrong.to })}>
          {(control) => (
            <Input
              {...control}
              type="tel"
              autoComplete="off"
              placeholder="70102 33311"
              value={draft.to}
              onChange={({ target }) => change({ to: target.value })}
            />
          )}
        </Field>
        <Field label="Amount in rupees" {...(tried && wrong.amount !== undefined && { error: wrong.amount })}>
          {(control) => (
            <div className="relative">
              <span aria-hidden="true" className="absolute top-1/2 left-3 -translate-y-1/2 text-muted">
                ₹
              </span>
              <Input
                {...control}
                inputMode="decimal"
                autoComplete="off"
                placeholder="0.00"
                className="pl-7 tabular-nums"
                value={draft.amount}
                onChange={({ target }) => change({ amount: groupTypedAmount(target.value) })}
              />
            </div>
          )}
        </Field>
        <Field label="Note" hint="Both of you see it. May be left empty.">
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
              maxLength={MAX_NOTE}
              value={draft.note}
              onChange={({ target }) => change({ note: target.value })}
            />
          )}
        </Field>
        <Button type="submit" look="primary" size="large">
          Review
        </Button>
      </form>
      <Confirm
        transfer={asked}
        idempotencyKey={idempotencyKey}
        onClose={() => setAsked(undefined)}
        onRefused={() => setIdempotencyKey(newIdempotencyKey())}
        onSent={onSent}
      />
    </Panel>
  );
}

function problemsOf({ to, amount }: Draft): { to?: string; amount?: string } {
  return {
    ...(!PHONE.test(to.trim()) && { to: 'Ten digits, such as 70102 33311.' }),
    ...(parseAmount(amount) === undefined && { amount: 'More than ₹0, such as 100 or 1,250.50.' }),
  };
}

function Confirm({
  transfer,
  idempotencyKey,
  onClose,
  onRefused,
  onSent,
}: {
  transfer: NewTransfer | undefined;
  idempotencyKey: string;
  onClose: () => void;
  /** Nothing moved, and nothing will under this key. */
  onRefused: () => void;
  onSent: (transfer: Transfer) => void;
}) {
  const api = useApiClient('transaction');
  const queries = useQueryClient();
  const sending = useMutation({
    mutationFn: (wanted: NewTransfer) => sendTransfer(api, wanted, idempotencyKey),
    onError(error) {
      if (!asApiError(error).isRetryable) onRefused();
    },
    async onSuccess({ transfer: sent }) {
      onSent(sent);
      await queries.invalidateQueries({ queryKey: transactionKeys.all });
    },
  });
  const close = (open: boolean) => {
    if (open || sending.isPending) return;
    sending.reset();
    onClose();
  };
  return (
    <Dialog
      open={transfer !== undefined}
      onOpenChange={close}
      title="Send this?"
      description="The money moves at once and cannot be called back."
      footer={
        transfer !== undefined && (
          <>
            <Button onClick={() => close(false)} disabled={sending.isPending}>
              Back
            </Button>
            <Button look="primary" busy={sending.isPending} onClick={() => sending.mutate(transfer)}>
              Send {formatMoney(transfer.amount)}
            </Button>
          </>
        )
      }
    >
      {transfer !== undefined && (
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
          <Fact name="To" value={transfer.to} />
          <Fact name="Amount" value={formatMoney(transfer.amount)} />
          {transfer.note !== '' && <Fact name="Note" value={transfer.note} />}
        </dl>
      )}
      {sending.error !== null && (
        <div className="mt-4">
          <ErrorNote error={asApiError(sending.error)} />
        </div>
      )}
    </Dialog>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 text-right font-medium break-words tabular-nums">{value}</dd>
    </>
  );
}
