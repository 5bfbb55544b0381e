import fc from 'fast-check';
import { shareOut } from './replay-shares.ts';

test('one with many letters leaves the others their turn', () => {
  const matched = new Map([
    ['push', 1_000],
    ['phone', 3],
    ['email', 1_000],
  ]);
  expect(Object.fromEntries(shareOut(matched, 11))).toEqual({ push: 4, phone: 3, email: 4 });
});

test('the limit holds over all, nobody gets more than there is, and nothing that could be done is left', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (counts, limit) => {
      const matched = new Map(counts.map((count, index) => [`channel-${index}`, count]));
      const shares = shareOut(matched, limit);
      for (const [channel, share] of shares) {
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThanOrEqual(matched.get(channel) ?? 0);
      }
      const total = counts.reduce((sum, count) => sum + count, 0);
      expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBe(Math.min(limit, total));
    }),
  );
});
