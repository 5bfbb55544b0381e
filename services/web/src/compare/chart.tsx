import { formatBytes, formatCount } from '../format/indian.ts';
import { formatDuration } from '../format/time.ts';
import { axisEnd, pointsOf, type Metric, type Point } from './chart-lines.ts';
import { COMPARED, type ComparisonState } from './comparison.ts';
import { LOOKS } from './transport-looks.ts';

const WIDTH = 640;
const HEIGHT = 180;
const PADDING = 8;
const FORMATS: Record<Metric, (value: number) => string> = {
  freshness: formatDuration,
  bytes: formatBytes,
  requests: formatCount,
};
const NAMES: Record<Metric, string> = {
  freshness: 'Time from event to arrival',
  bytes: 'Bytes so far',
  requests: 'Requests so far',
};

/** The last two minutes of all three. */
export function Chart({ state, metric }: { state: ComparisonState; metric: Metric }) {
  const series = COMPARED.map((transport) => ({
    transport,
    points: pointsOf(state.measured[transport], metric, state.atMs),
  }));
  const end = axisEnd(Math.max(0, ...series.flatMap(({ points }) => points.map(({ value }) => value))));
  const isEmpty = series.every(({ points }) => points.length === 0);
  return (
    <figure className="grid gap-3">
      <div className="flex justify-between text-xs text-faint tabular-nums">
        <span>{FORMATS[metric](end)}</span>
        {isEmpty && <span>Send a transfer to see when it arrives</span>}
      </div>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${NAMES[metric]}, over the last two minutes. The figures are in the cards above.`}
        className="h-45 w-full overflow-visible"
      >
        {[0, 0.5, 1].map((share) => (
          <line
            key={share}
            x1="0"
            x2={WIDTH}
            y1={yOf(share)}
            y2={yOf(share)}
            className="stroke-line"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        {series.map(({ transport, points }) => (
          <g key={transport} className={LOOKS[transport].colour}>
            {metric === 'freshness' ? (
              <Marks points={points} end={end} shape={LOOKS[transport].shape} />
            ) : (
              <polyline
                points={points.map(({ x, value }) => `${x * WIDTH},${yOf(value / end)}`).join(' ')}
                fill="none"
                stroke="currentColor"
                strokeWidth="2"
                strokeDasharray={LOOKS[transport].dashes}
                strokeLinejoin="round"
                vectorEffect="non-scaling-stroke"
              />
            )}
          </g>
        ))}
      </svg>
      <div className="flex justify-between text-xs text-faint">
        <span>2 min ago</span>
        <span>now</span>
      </div>
      <figcaption className="sr-only">{NAMES[metric]}</figcaption>
    </figure>
  );
}

const yOf = (share: number): number => PADDING + (1 - share) * (HEIGHT - 2 * PADDING);

/** Lines of no length: their ends are round or square, and are not stretched with the chart. */
function Marks({ points, end, shape }: { points: readonly Point[]; end: number; shape: Shape }) {
  return (
    <path
      d={points.map(({ x, value }) => `M${x * WIDTH} ${yOf(value / end)}h0.01`).join('')}
      fill="none"
      stroke="currentColor"
      strokeWidth={shape === 'dot' ? 5 : 8}
      strokeLinecap={shape === 'square' ? 'square' : 'round'}
      strokeOpacity="0.85"
      vectorEffect="non-scaling-stroke"
    />
  );
}

type Shape = (typeof LOOKS)[keyof typeof LOOKS]['shape'];
