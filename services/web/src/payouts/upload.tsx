'use client';

import { useState } from 'react';
import { asApiError, type ApiError } from '../api/api-error.ts';
import { useApiClient } from '../api/api-provider.tsx';
import { newIdempotencyKey } from '../api/new-idempotency-key.ts';
import { sendPayout } from '../api/payout.ts';
import { formatBytes, formatCount } from '../format/indian.ts';
import { Button, Spinner } from '../ui/button.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { Panel } from '../ui/panel.tsx';
import { useToast } from '../ui/toasts.tsx';
import { checkFile } from './check-file.ts';
import { CsvDropZone } from './csv-drop-zone.tsx';
import { csvOf, withoutLines, type CheckedCsv } from './good-lines.ts';
import { saveFile } from './save-file.ts';
import { Review } from './review.tsx';

interface Chosen {
  file: File;
  /** One for each file that is chosen: however often it is sent, it is paid once. */
  idempotencyKey: string;
  checked: CheckedCsv;
}

/** Chooses a file, shows what it holds and what is wrong with it, and sends it. */
export function Upload({ onSent }: { onSent: (id: string) => void }) {
  const api = useApiClient('payout');
  const toast = useToast();
  const [chosen, setChosen] = useState<Chosen>();
  const [isReading, setReading] = useState(false);
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<ApiError>();

  const choose = async (file: File) => {
    setError(undefined);
    setReading(true);
    try {
      setChosen({ file, idempotencyKey: newIdempotencyKey(), checked: await checkFile(file) });
    } catch (thrown) {
      setChosen(undefined);
      setError(asApiError(thrown));
    } finally {
      setReading(false);
    }
  };
  const forget = () => {
    setChosen(undefined);
    setError(undefined);
  };
  const send = async () => {
    if (chosen === undefined) return;
    const { idempotencyKey, checked } = chosen;
    setSending(true);
    setError(undefined);
    try {
      const { good, amount, badLines } = checked;
      const expected = { total: good.length, amount };
      const { id, total } = await sendPayout(api, csvOf(checked), { expected, idempotencyKey });
      const leftOut = badLines === 0 ? '' : ` ${formatCount(badLines)} left out.`;
      toast({ title: 'Payout sent', detail: `${formatCount(total)} lines.${leftOut}`, kind: 'success' });
      setChosen(undefined);
      onSent(id);
    } catch (thrown) {
      const failure = asApiError(thrown);
      setError(failure);
      // The next question names, and the next request pays, only what is left.
      setChosen({ ...chosen, checked: withoutLines(checked, new Set(failure.rejectedLines)) });
    } finally {
      setSending(false);
    }
  };

  return (
    <Panel
      title="New payout"
      description={chosen === undefined ? 'Every line is checked before anything is sent.' : undefined}
      actions={
        <Button size="small" look="quiet" icon="download" onClick={saveTemplate}>
          Template
        </Button>
      }
    >
      {chosen === undefined || isReading ? (
        <div className="grid gap-4">
          {error !== undefined && <ErrorNote error={error} />}
          {isReading ? <Reading /> : <CsvDropZone onFile={(file) => void choose(file)} />}
        </div>
      ) : (
        <Review
          name={chosen.file.name}
          size={formatBytes(chosen.file.size)}
          checked={chosen.checked}
          error={error}
          isSending={isSending}
          onSend={() => void send()}
          onForget={forget}
        />
      )}
    </Panel>
  );
}

function Reading() {
  return (
    <p role="status" className="flex h-44 items-center justify-center gap-2 text-muted">
      <Spinner /> Checking the file
    </p>
  );
}

function saveTemplate(): void {
  const lines = [
    'to,amount,currency,note',
    '7010233311,10000,INR,One hundred rupees',
    '+917010233312,250,INR,',
  ];
  saveFile(new Blob([`${lines.join('\r\n')}\r\n`], { type: 'text/csv' }), 'payout-template.csv');
}
