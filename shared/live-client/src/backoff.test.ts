import fc from 'fast-check';
import { fullJitterMs } from './backoff.ts';

test('full jitter: anything from nothing to the ceiling, which doubles up to the longest', () => {
  const attempts = fc.integer({ min: 1, max: 2_000 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(attempts, chance, (attempt, random) => {
      const ms = fullJitterMs(attempt, { firstMs: 500, longestMs: 30_000 }, () => random);
      const ceiling = Math.min(30_000, 500 * 2 ** (attempt - 1));
      expect(ms).toBeCloseTo(random * ceiling, 6);
      expect(ms).toBeLessThan(ceiling);
    }),
  );
});
