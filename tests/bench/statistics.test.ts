import fc from 'fast-check';
import { median, quantile, spread } from './statistics.ts';

test.each([
  ['odd', [9, 1, 5], 5],
  ['even', [4, 1, 3, 2], 2.5],
  ['two', [10, 30], 20],
  ['one', [7], 7],
  // As text, 10 comes before 9.
  ['numbers, not text', [10, 9, 100], 10],
])('the median of an %s count', (_, values, expected) => {
  expect(median(values)).toBe(expected);
});

test('nothing has no median and no quantile', () => {
  expect(median([])).toBeNaN();
  expect(quantile([], 0.5)).toBeNaN();
});

test('a quantile is one of the values, from the least at 0 to the greatest at 1', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0, 0.5, 0.99, 1].map((q) => quantile(hundred, q))).toEqual([1, 51, 100, 100]);
  expect([0, 0.5, 1].map((q) => quantile([3], q))).toEqual([3, 3, 3]);
});

test('the spread is from the least to the greatest of at least two rounds', () => {
  expect(spread([3, 1, 2])).toEqual({ min: 1, max: 3 });
  expect(spread([2, 2])).toEqual({ min: 2, max: 2 });
  expect(spread([2])).toBeUndefined();
  expect(spread([])).toBeUndefined();
});

test('all of them lie between the least and the greatest, and leave the values as they were', () => {
  const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 2 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (given, q) => {
      const before = [...given];
      const { min, max } = spread(given) ?? { min: Number.NaN, max: Number.NaN };
      for (const value of [median(given), quantile(given, q)]) {
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
      }
      expect(given).toEqual(before);
    }),
  );
});
