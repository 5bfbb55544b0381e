import type { Transport } from '@payfan/live-client';
import { formatBytes, formatCount } from '../format/indian.ts';
import { formatDuration } from '../format/time.ts';
import { ErrorNote } from '../ui/error-note.tsx';
import { Figure } from '../ui/figure.tsx';
import { Panel } from '../ui/panel.tsx';
import { Status, type Tone } from '../ui/status.tsx';
import type { ComparisonState } from './comparison.ts';
import { percentile } from './measurements.ts';
import { LOOKS } from './transport-looks.ts';

const STATES: Record<ComparisonState['statuses'][Transport], { word: string; tone: Tone; moving?: boolean }> =
  {
    idle: { word: 'Idle', tone: 'neutral' },
    connecting: { word: 'Connecting', tone: 'neutral', moving: true },
    live: { word: 'Live', tone: 'good' },
    'catching-up': { word: 'Catching up', tone: 'warn', moving: true },
    reconnecting: { word: 'Reconnecting', tone: 'warn', moving: true },
    offline: { word: 'Offline', tone: 'bad' },
    refused: { word: 'Refused', tone: 'bad' },
  };

const LARGE = 'text-2xl tracking-tight';
const SMALL = 'text-[15px]';

/** The figures of one transport. */
export function TransportCard({ transport, state }: { transport: Transport; state: ComparisonState }) {
  const { requests, bytes, events, samples } = state.measured[transport];
  const { word, tone, moving } = STATES[state.statuses[transport]];
  const failure = state.failures[transport];
  const { name, colour, dashes } = LOOKS[transport];
  const late = samples.map(({ lateMs }) => lateMs);
  return (
    <Panel
      title={name}
      actions={
        <Status tone={tone} moving={moving ?? false} className="text-[13px] text-muted">
          {word}
        </Status>
      }
    >
      <svg
        viewBox="0 0 100 4"
        preserveAspectRatio="none"
        aria-hidden="true"
        className={`h-1 w-full ${colour}`}
      >
        <line
          x1="0"
          x2="100"
          y1="2"
          y2="2"
          stroke="currentColor"
          strokeWidth="2"
          strokeDasharray={dashes}
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      {failure !== undefined && (
        <div className="mt-4">
          <ErrorNote {...failure} />
        </div>
      )}
      <dl className="mt-4 grid grid-cols-2 gap-x-4 gap-y-4">
        <Figure label="Freshness p50" className={LARGE}>
          {durationOf(percentile(late, 0.5))}
        </Figure>
        <Figure label="Freshness p99" className={LARGE}>
          {durationOf(percentile(late, 0.99))}
        </Figure>
        <Figure label="Requests" className={SMALL}>
          {formatCount(requests)}
        </Figure>
        <Figure label="Bytes" className={SMALL}>
          {formatBytes(bytes)}
        </Figure>
        <Figure label="Events" className={SMALL}>
          {formatCount(events)}
        </Figure>
        <Figure label="Bytes per event" className={SMALL}>
          {events === 0 ? '–' : formatBytes(Math.round(bytes / events))}
        </Figure>
      </dl>
    </Panel>
  );
}

const durationOf = (ms: number | undefined): string => (ms === undefined ? '–' : formatDuration(ms));
