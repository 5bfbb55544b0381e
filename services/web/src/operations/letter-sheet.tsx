'use client';

import type { DeadLetterDetail } from '../api/operations.ts';
import { useLetter } from '../api/use-operations.ts';
import { formatCount } from '../format/indian.ts';
import { formatJson } from '../format/json.ts';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/dialog.tsx';
import { Fact, Facts } from '../ui/facts.tsx';
import { PanelContent } from '../ui/panel.tsx';
import { panelStateOf } from '../ui/panel-state.ts';
import { SkeletonRows } from '../ui/skeleton.tsx';
import { Badge } from '../ui/status.tsx';
import { Time } from '../ui/time.tsx';
import { LetterState } from './letter-tables.tsx';
import { REASONS } from './letter-words.ts';

interface LetterSheetProps {
  /** Undefined while none is looked at. */
  id: string | undefined;
  onClose: () => void;
  onReplay: (id: string) => void;
}

/** One letter with the message as it came. */
export function LetterSheet({ id, onClose, onReplay }: LetterSheetProps) {
  return (
    <Sheet
      open={id !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Dead letter ${id ?? ''}`}
      description="With the message as it came."
      footer={
        <Button look="primary" icon="refresh" onClick={() => id !== undefined && onReplay(id)}>
          Replay…
        </Button>
      }
    >
      {id !== undefined && <Letter id={id} />}
    </Sheet>
  );
}

function Letter({ id }: { id: string }) {
  const letter = useLetter(id);
  return (
    <PanelContent state={panelStateOf(letter)} skeleton={<SkeletonRows rows={6} />}>
      {letter.data !== undefined && <Message letter={letter.data} />}
    </PanelContent>
  );
}

function Message({ letter }: { letter: DeadLetterDetail }) {
  const { channel, lane, reason, error, attempts, times, state, lastAt, createdAt, history } = letter;
  const ids = { Transfer: letter.transferId, Payout: letter.payoutId, Event: letter.eventId };
  return (
    <div className="grid gap-5">
      <p className="rounded-control bg-bad-soft px-4 py-3 break-words text-bad">{error}</p>
      <Facts>
        <Fact name="State">
          <LetterState state={state} />
        </Fact>
        <Fact name="Reason">{REASONS[reason]}</Fact>
        <Fact name="Channel">
          <span className="inline-flex gap-1.5">
            <Badge>{channel}</Badge>
            {lane !== null && <Badge>{lane}</Badge>}
          </span>
        </Fact>
        <Fact name="Attempts">{formatCount(attempts)}</Fact>
        <Fact name="Died">
          <Time at={lastAt} />
          {times > 1 && (
            <span className="text-muted">
              , {formatCount(times)} times since <Time at={createdAt} />
            </span>
          )}
        </Fact>
        <Fact name="Subject">
          <code className="font-mono text-xs break-all">{letter.subject}</code>
        </Fact>
        {Object.entries(ids).map(
          ([name, value]) =>
            value !== null && (
              <Fact key={name} name={name}>
                <code className="font-mono text-xs break-all">{value}</code>
              </Fact>
            ),
        )}
        <Fact name="Routing key">
          <code className="font-mono text-xs break-all">{letter.routingKey}</code>
        </Fact>
      </Facts>
      <Code title="Payload" text={formatJson(letter.body)} />
      <Code title="Headers" text={JSON.stringify(letter.headers, null, 2)} />
      {history.length > 0 && (
        <section>
          <h3 className="mb-1.5 text-[13px] font-medium">Replays</h3>
          <ol className="grid gap-1">
            {history.map(({ at, by }) => (
              <li key={at} className="text-muted">
                <Time at={at} /> by {by}
              </li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

/** Scrolled by keyboard too, if it is too long. */
function Code({ title, text }: { title: string; text: string }) {
  return (
    <section>
      <h3 className="mb-1.5 text-[13px] font-medium">{title}</h3>
      <pre
        role="region"
        aria-label={title}
        tabIndex={0}
        className="max-h-80 overflow-auto rounded-control bg-sunken p-3 font-mono text-xs whitespace-pre-wrap break-words"
      >
        {text}
      </pre>
    </section>
  );
}
