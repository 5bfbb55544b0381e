import type { Transport } from '@payfan/live-client';
import { formatBytes, formatCount } from '../format/indian.ts';
import { formatDuration } from '../format/time.ts';
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

/** The figures of one transport. */
export function TransportCard({ transport, state }: { transport: Transport; state: ComparisonState }) {
  const { requests, bytes, events, samples } = state.measured[transport];
  const { word, tone, moving } = STATES[state.statuses[transport]];
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
      <dl className="mt-4 grid grid-cols-2 gap-x-4 gap-y-4">
        <Figure label="Freshness p50" value={durationOf(percentile(late, 0.5))} isLarge />
        <Figure label="Freshness p99" value={durationOf(percentile(late, 0.99))} isLarge />
        <Figure label="Requests" value={formatCount(requests)} />
        <Figure label="Bytes" value={formatBytes(bytes)} />
        <Figure label="Events" value={formatCount(events)} />
        <Figure
          label="Bytes per event"
          value={events === 0 ? '–' : formatBytes(Math.round(bytes / events))}
        />
      </dl>
    </Panel>
  );
}

const durationOf = (ms: number | undefined): string => (ms === undefined ? '–' : formatDuration(ms));

function Figure({ label, value, isLarge = false }: { label: string; value: string; isLarge?: boolean }) {
  return (
    <div>
      <dt className="text-[13px] text-muted">{label}</dt>
      <dd className={`font-semibold tabular-nums ${isLarge ? 'text-2xl tracking-tight' : 'text-[15px]'}`}>
        {value}
      </dd>
    </div>
  );
}
