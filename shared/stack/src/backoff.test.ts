import { endsInARow, restartDelayMs } from './backoff.ts';

test('waits twice as long for each early end, 5 s at most', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 60].map(restartDelayMs)).toEqual([
    200, 400, 800, 1600, 3200, 5000, 5000, 5000,
  ]);
});

test('counts early ends in a row; one that was healthy begins anew', () => {
  expect(endsInARow(0, 5)).toBe(1);
  expect(endsInARow(4, 9_999)).toBe(5);
  expect(endsInARow(4, 10_000)).toBe(1);
});
