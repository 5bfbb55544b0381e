import fc from 'fast-check';
import { formatBytes, formatCount, formatDecimal, formatShare } from './indian.ts';

test('counts are grouped as Intl groups them', () => {
  const grouped = new Intl.NumberFormat('en-IN');
  fc.assert(
    fc.property(fc.maxSafeNat(), (count) => {
      expect(formatCount(count)).toBe(grouped.format(count));
    }),
  );
  expect(formatCount(-1234)).toBe('−1,234');
});

test.each([
  [0.416, '0.42'],
  [12.54, '12.5'],
  [1234.4, '1,234'],
  [2, '2'],
  [-0.5, '−0.5'],
])('%d is %s', (value, text) => expect(formatDecimal(value)).toBe(text));

test.each([
  [1, 3, '33 %'],
  [999, 1000, '99 %'],
  [5, 5, '100 %'],
  [0, 0, '0 %'],
])('%d of %d is %s', (part, whole, text) => expect(formatShare(part, whole)).toBe(text));

test.each([
  [512, '512 B'],
  [1_536, '1.5 KB'],
  [2_097_152, '2 MB'],
  [5_000_000_000_000, '4,657 GB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
