import { NOTHING_MEASURED, percentile, WINDOW_MS, withArrival, withTraffic } from './measurements.ts';

const NOTHING = NOTHING_MEASURED.websocket;
const AT = Date.parse('2025-11-24T10:00:00.000Z');
const event = { time: '2025-11-24T10:00:00.000Z' };

test('percentiles are values that were measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100]);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBeUndefined();
});

test('an event is as late as its arrival is after it, and never early', () => {
  const once = withArrival(NOTHING, event, AT + 42);
  const twice = withArrival(once, event, AT - 5);
  expect(twice).toMatchObject({ events: 2, samples: [{ lateMs: 42 }, { lateMs: 0 }] });
});

test('only so many samples are kept, the newest', () => {
  let measured = NOTHING;
  for (let ms = 0; ms < 2_010; ms += 1) measured = withArrival(measured, event, AT + ms);
  expect(measured.events).toBe(2_010);
  expect(measured.samples).toHaveLength(2_000);
  expect(measured.samples.at(-1)).toEqual({ atMs: AT + 2_009, lateMs: 2_009 });
});

test('bytes of both directions count; costs older than the chart are forgotten', () => {
  const traffic = { requests: 3, sentBytes: 100, receivedBytes: 20, events: 1 };
  const first = withTraffic(NOTHING, traffic, AT);
  expect(first).toMatchObject({ requests: 3, bytes: 120, costs: [{ atMs: AT, requests: 3, bytes: 120 }] });
  expect(withTraffic(first, traffic, AT + WINDOW_MS).costs).toHaveLength(2);
  expect(withTraffic(first, traffic, AT + WINDOW_MS + 1).costs).toHaveLength(1);
});
