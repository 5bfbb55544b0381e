import fc from 'fast-check';
import { formatAmount, formatCount, formatTime } from './format.ts';

test.each([
  [1, '₹0.01'],
  [99, '₹0.99'],
  [10_000, '₹100.00'],
  [1_00_000_00, '₹1,00,000.00'],
  [Number.MAX_SAFE_INTEGER, '₹9,00,71,99,25,47,409.91'],
])('%i paise are %s', (paise, text) => {
  expect(formatAmount(paise, 'INR')).toBe(text);
});

test.each([
  [0, '0'],
  [999, '999'],
  [1_00_000, '1,00,000'],
])('%i are %s', (count, text) => {
  expect(formatCount(count)).toBe(text);
});

test('every amount keeps all its digits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (paise) => {
      expect(Number(formatAmount(paise, 'INR').replaceAll(/\D/g, ''))).toBe(paise);
    }),
  );
});

test.each([
  ['2026-11-24T08:35:00.000Z', '24 Nov 2026, 2:05 pm IST'],
  ['2026-12-31T18:29:59.999Z', '31 Dec 2026, 11:59 pm IST'],
  ['2026-12-31T18:30:00.000Z', '1 Jan 2027, 12:00 am IST'],
  ['2026-12-31T18:30:59.999Z', '1 Jan 2027, 12:00 am IST'],
  ['2026-12-31T18:31:00.000Z', '1 Jan 2027, 12:01 am IST'],
  ['1969-12-31T18:29:59.999Z', '31 Dec 1969, 11:59 pm IST'],
])('%s is %s', (iso, text) => {
  expect(formatTime(iso)).toBe(text);
});

test('what is no time is refused, again and again', () => {
  for (const time of ['', 'today', '']) expect(() => formatTime(time)).toThrow(RangeError);
});
