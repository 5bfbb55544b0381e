'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { type ApiError, asApiError } from '../api/api-error.ts';
import { useApiClient } from '../api/api-provider.tsx';
import { operationsKeys, replayLetters, type ReplayTarget } from '../api/operations.ts';
import { formatCount } from '../format/indian.ts';
import { formatDuration } from '../format/time.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { Field, Input } from '../ui/field.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { lettersIn } from './letter-words.ts';
import {
  FASTEST,
  isConfirmed,
  limitAt,
  parseRate,
  replayAll,
  replayedOf,
  SLOWEST,
  type Progress,
} from './replay.ts';
import { UnavailableNote } from '../ui/unavailable-note.tsx';

/** What somebody wants to have replayed. */
export interface AskedReplay {
  target: ReplayTarget;
  /** In words. */
  what: string;
}

interface ReplayDialogProps {
  /** Undefined while nothing is to be replayed. */
  asked: AskedReplay | undefined;
  onClose: () => void;
}

/** Counts what would be sent round again, asks for that number, and sends it at a rate. */
export function ReplayDialog({ asked, onClose }: ReplayDialogProps) {
  return (
    <Dialog
      open={asked !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title="Replay dead letters"
      description={asked?.what}
    >
      {asked !== undefined && <Replay target={asked.target} onClose={onClose} />}
    </Dialog>
  );
}

const USUAL_RATE = '50';

type Phase = 'asking' | 'running' | 'done';

function Replay({ target, onClose }: { target: ReplayTarget; onClose: () => void }) {
  const api = useApiClient('operations');
  const queries = useQueryClient();
  const dryRun = useQuery({
    queryKey: operationsKeys.dryRun(target),
    queryFn: () => replayLetters(api, target, { dryRun: true }),
    // The number that is typed must not change meanwhile.
    staleTime: Infinity,
    gcTime: 0,
  });
  const [phase, setPhase] = useState<Phase>('asking');
  const [progress, setProgress] = useState<Progress>({ replayed: 0, remaining: 0, unavailable: [] });
  const [failure, setFailure] = useState<ApiError>();
  const isStopped = useRef(false);
  useEffect(() => {
    isStopped.current = false;
    // Whoever closes the dialog or leaves the page stops it.
    return () => {
      isStopped.current = true;
    };
  }, []);

  const start = async (ratePerSecond: number) => {
    setPhase('running');
    setFailure(undefined);
    const options = { dryRun: false, ratePerSecond, limit: limitAt(ratePerSecond) };
    try {
      await replayAll(() => replayLetters(api, target, options), {
        onProgress: setProgress,
        isStopped: () => isStopped.current,
      });
    } catch (error) {
      setFailure(asApiError(error));
    }
    setPhase('done');
    await queries.invalidateQueries({ queryKey: operationsKeys.letters });
  };

  if (dryRun.data === undefined) {
    if (dryRun.error === null) return <Skeleton className="h-40" />;
    return <ErrorNote error={asApiError(dryRun.error)} retry={() => void dryRun.refetch()} />;
  }
  const { matched, unavailable } = dryRun.data;
  if (phase === 'asking') {
    return (
      <>
        <UnavailableNote channels={unavailable} />
        <Ask letters={matched} onCancel={onClose} onStart={(rate) => void start(rate)} />
      </>
    );
  }
  return (
    <div className="grid gap-4">
      <UnavailableNote channels={progress.unavailable} />
      <Outcome phase={phase} letters={matched} progress={progress} failure={failure} />
      {failure !== undefined && <ErrorNote error={failure} />}
      <div className="flex justify-end">
        <Button
          look={phase === 'done' ? 'primary' : 'secondary'}
          onClick={() => {
            isStopped.current = true;
            if (phase === 'done') onClose();
          }}
        >
          {phase === 'done' ? 'Done' : 'Stop after this batch'}
        </Button>
      </div>
    </div>
  );
}

interface AskProps {
  letters: number;
  onCancel: () => void;
  onStart: (ratePerSecond: number) => void;
}

function Ask({ letters, onCancel, onStart }: AskProps) {
  const [rateText, setRateText] = useState(USUAL_RATE);
  const [typed, setTyped] = useState('');
  const rate = parseRate(rateText);
  if (letters === 0) {
    return (
      <div className="grid gap-4">
        <p>Nothing is left to replay: somebody else has just done it, or the filter matches none.</p>
        <Button className="justify-self-end" onClick={onCancel}>
          Close
        </Button>
      </div>
    );
  }
  const canStart = rate !== undefined && isConfirmed(typed, letters);
  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (canStart) onStart(rate);
      }}
    >
      <p>
        <span className="text-muted">Dry run: </span>
        <strong className="font-semibold">{lettersIn(letters)}</strong> would be sent round again.
        {rate !== undefined && letters > rate && (
          <span className="text-muted"> That takes about {formatDuration((letters / rate) * 1_000)}.</span>
        )}
      </p>
      <Field
        label="Letters a second"
        hint="Slow enough that what has just recovered is not overrun."
        {...(rate === undefined && { error: `A whole number from ${SLOWEST} to ${formatCount(FASTEST)}.` })}
      >
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            value={rateText}
            onChange={({ target }) => setRateText(target.value)}
          />
        )}
      </Field>
      <Field label={`Type ${formatCount(letters)} to confirm`} hint="The number of letters.">
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            autoComplete="off"
            value={typed}
            onChange={({ target }) => setTyped(target.value)}
          />
        )}
      </Field>
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" disabled={!canStart}>
          Replay {lettersIn(letters)}
        </Button>
      </div>
    </form>
  );
}

interface OutcomeProps {
  phase: Phase;
  letters: number;
  progress: Progress;
  failure: ApiError | undefined;
}

function Outcome({ phase, letters, progress, failure }: OutcomeProps) {
  const { replayed, remaining } = progress;
  const isUnsure = failure !== undefined && !failure.isRefusal;
  return (
    <div role="status">
      <p className="text-[15px] font-medium">
        {replayedOf(replayed, letters, { isRunning: phase === 'running', isUnsure })}
      </p>
      {phase === 'done' && remaining > 0 && (
        <p className="mt-1 text-muted">
          {lettersIn(remaining)} remain: somebody else is replaying them, their channel is away, or this was
          stopped.
        </p>
      )}
      {phase === 'done' && remaining === 0 && replayed > 0 && (
        <p className="mt-1 text-muted">What dies again comes back to the list.</p>
      )}
    </div>
  );
}
