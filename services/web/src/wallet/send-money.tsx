'use client';

import { phoneDigits, readSingleLine } from '@payfan/contracts/typed';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { flushSync } from 'react-dom';
import { ApiError, asApiError } from '../api/api-error.ts';
import { useApiClient } from '../api/api-provider.tsx';
import { newIdempotencyKey } from '../api/new-idempotency-key.ts';
import { sendTransfer, transactionKeys, type NewTransfer, type Transfer } from '../api/transaction.ts';
import { amountFault, caretInGrouped, formatMoney, groupTypedAmount, parseAmount } from '../format/money.ts';
import { formatTypedPhone } from '../format/phone.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { Field, Input } from '../ui/field.tsx';
import { Panel } from '../ui/panel.tsx';

/** Ten digits, with or without the prefixes of Indian numbers. The API checks whether such a number exists. */
const PHONE = /^(?:\+\d{7,15}|\d{10,15})$/;
const MAX_NOTE = 140;
const AT_THE_END = 'text-right font-medium break-words tabular-nums';

interface Draft {
  to: string;
  amount: string;
  note: string;
}
const EMPTY: Draft = { to: '', amount: '', note: '' };

interface SendMoneyProps {
  /** The form is filled in, and about to be confirmed. */
  onReview: () => void;
  onSent: (transfer: Transfer) => void;
}

/** Sends money once for each form, however often it is pressed or repeated. */
export function SendMoney({ onReview, onSent }: SendMoneyProps) {
  const [forms, setForms] = useState(1);
  return (
    <Form
      key={forms}
      onReview={onReview}
      onSent={(transfer) => {
        setForms((count) => count + 1);
        onSent(transfer);
      }}
    />
  );
}

function Form({ onReview, onSent }: SendMoneyProps) {
  // Kept through every attempt, until one is refused for good: what is changed then is another transfer.
  const [idempotencyKey, setIdempotencyKey] = useState(newIdempotencyKey);
  const [draft, setDraft] = useState(EMPTY);
  const [tried, setTried] = useState(false);
  const [asked, setAsked] = useState<NewTransfer>();
  const wrong = problemsOf(draft);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  function review(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    // What is wrong is there before its field is gone to, and is read out with it.
    flushSync(() => setTried(true));
    const amount = parseAmount(draft.amount);
    const { text: note } = readSingleLine(draft.note, MAX_NOTE);
    if (wrong.to !== undefined || amount === undefined || note === undefined) {
      event.currentTarget.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      return;
    }
    onReview();
    setAsked({ to: draft.to.trim(), amount, currency: 'INR', note });
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
                onChange={({ target }) => change({ amount: regroup(target) })}
              />
            </div>
          )}
        </Field>
        <Field
          label="Note"
          hint="Both of you see it. May be left empty."
          {...(tried && wrong.note !== undefined && { error: wrong.note })}
        >
          {(control) => (
            <Input
              {...control}
              autoComplete="off"
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

/** Groups what is typed where it is typed: set afterwards, it would send the caret to its end. */
function regroup(field: HTMLInputElement): string {
  const { value, selectionStart } = field;
  const grouped = groupTypedAmount(value);
  const caret = caretInGrouped(value, selectionStart ?? value.length);
  field.value = grouped;
  field.setSelectionRange(caret, caret);
  return grouped;
}

function problemsOf({ to, amount, note }: Draft): Partial<Draft> {
  const fault = amountFault(amount);
  const noteFault = readSingleLine(note, MAX_NOTE).fault;
  return {
    ...(!PHONE.test(phoneDigits(to) ?? '') && { to: 'Ten digits, such as 70102 33311.' }),
    ...(fault !== undefined && { amount: fault }),
    ...(noteFault !== undefined && { note: `The note ${noteFault}.` }),
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
      // Otherwise the money may have moved: the same key finds out.
      if (!asApiError(error).isRefusal) return;
      onRefused();
      // What an earlier attempt did, of which nobody was told, is looked up.
      void queries.invalidateQueries({ queryKey: transactionKeys.all });
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
        <Facts>
          <Fact name="To" className={AT_THE_END}>
            {formatTypedPhone(transfer.to)}
          </Fact>
          <Fact name="Amount" className={AT_THE_END}>
            {formatMoney(transfer.amount)}
          </Fact>
          {transfer.note !== '' && (
            <Fact name="Note" className={AT_THE_END}>
              {transfer.note}
            </Fact>
          )}
        </Facts>
      )}
      {sending.error !== null && (
        <div className="mt-4">
          <ErrorNote error={whyNotSent(asApiError(sending.error))} />
        </div>
      )}
    </Dialog>
  );
}

/**
 * Under a used key another transfer is refused. That is an earlier attempt of this form that nobody answered, changed
 * meanwhile: the money it named has moved, and whoever sends the changed one sends both.
 */
function whyNotSent(error: ApiError): ApiError {
  if (error.code !== 'idempotency_key_reused') return error;
  const { status, code, requestId } = error;
  const detail =
    'An earlier attempt went through, as the form was then. Look at the history: to send this as well, press again.';
  return new ApiError({ status, code, requestId, detail });
}
