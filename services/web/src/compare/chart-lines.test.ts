import { axisEnd, pointsOf } from './chart-lines.ts';
import { WINDOW_MS } from './measurements.ts';

test.each([
  [0, 1],
  [1, 1],
  [3, 5],
  [5, 5],
  [51, 100],
  [1_234, 2_000],
])('an axis for %d ends at %d', (largest, end) => expect(axisEnd(largest)).toBe(end));

test('points lie between the beginning of the chart and now; older ones are left out', () => {
  const measured = {
    requests: 2,
    bytes: 30,
    events: 3,
    samples: [0, WINDOW_MS / 2, WINDOW_MS].map((atMs) => ({ atMs, lateMs: 7 })),
    costs: [{ atMs: WINDOW_MS, requests: 2, bytes: 30 }],
  };
  expect(pointsOf(measured, 'freshness', WINDOW_MS)).toEqual([0, 0.5, 1].map((x) => ({ x, value: 7 })));
  expect(pointsOf(measured, 'freshness', 1.5 * WINDOW_MS).map(({ x }) => x)).toEqual([0, 0.5]);
  expect(pointsOf(measured, 'bytes', WINDOW_MS)).toEqual([{ x: 1, value: 30 }]);
  expect(pointsOf(measured, 'requests', WINDOW_MS)).toEqual([{ x: 1, value: 2 }]);
});
