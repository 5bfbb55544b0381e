import fc from 'fast-check';
import { backoffMs, pause, spreadMs } from './backoff.ts';

const settings = { firstMs: 100, longestMs: 5_000 };

test.each([
  [1, 0, 50],
  [1, 1, 100],
  [2, 0, 100],
  [3, 0.5, 300],
  [7, 0, 2_500],
  [7, 1, 5_000],
  [1_000, 1, 5_000],
])('before attempt %d, with chance at %d, it pauses %d ms', (attempt, chance, expected) => {
  expect(backoffMs(attempt, settings, () => chance)).toBe(expected);
});

test.each([
  [0, 750],
  [0.5, 1_000],
  [1, 1_250],
])('of what happens every second, with chance at %d, the next round is in %d ms', (chance, expected) => {
  expect(spreadMs(1_000, () => chance)).toBe(expected);
});

test('a pause is never more than the longest, and never less than half of its ceiling', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (attempt, firstMs, longestMs, chance) => {
        const ceiling = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30));
        const pauseMs = backoffMs(attempt, { firstMs, longestMs }, () => chance);
        expect(pauseMs).toBeGreaterThanOrEqual(ceiling / 2);
        expect(pauseMs).toBeLessThanOrEqual(ceiling);
      },
    ),
  );
});

test('a pause ends early when it is aborted, and does not begin when it has been', async () => {
  const stop = new AbortController();
  const day = 86_400_000;
  const paused = pause(day, stop.signal);
  stop.abort();
  await paused;
  await pause(day, stop.signal);
  expect(stop.signal.aborted).toBe(true);
});
