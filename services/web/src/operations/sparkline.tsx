import { sparkPoints, type Held } from './queue-rows.ts';

const ROOM = { width: 96, height: 22 };
const MARGIN = 2;

/** How a count went of late. The numbers beside it say the same, so it is not read out. */
export function Sparkline({ values }: { values: readonly Held[] }) {
  const { width, height } = ROOM;
  const points = sparkPoints(values, ROOM);
  const first = points.split(',', 1)[0];
  return (
    <svg
      viewBox={`${-MARGIN} ${-MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`}
      width={width + 2 * MARGIN}
      height={height + 2 * MARGIN}
      aria-hidden="true"
      className="text-accent"
    >
      <line x1="0" y1={height} x2={width} y2={height} stroke="var(--color-line)" strokeWidth="1" />
      {values.length > 1 && (
        <>
          <polygon
            points={`${first},${height} ${points} ${width},${height}`}
            fill="currentColor"
            opacity="0.12"
          />
          <polyline
            points={points}
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
            strokeLinejoin="round"
            strokeLinecap="round"
          />
        </>
      )}
    </svg>
  );
}
