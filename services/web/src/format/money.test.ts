import fc from 'fast-check';
import {
  amountFault,
  caretInGrouped,
  formatChange,
  formatMoney,
  groupTypedAmount,
  LARGEST_AMOUNT,
  parseAmount,
} from './money.ts';

const INR = new Intl.NumberFormat('en-IN', { style: 'currency', currency: 'INR' });

test('amounts are those of Intl, whatever they are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: LARGEST_AMOUNT }), (minor) => {
      const digits = String(minor).padStart(3, '0');
      const decimal = `${digits.slice(0, -2)}.${digits.slice(-2)}` as `${number}`;
      expect(formatMoney(minor)).toBe(INR.format(decimal));
    }),
  );
});

test.each([
  [10_000, '₹100.00', '+₹100.00'],
  [1_00_000_00, '₹1,00,000.00', '+₹1,00,000.00'],
  [-5, '−₹0.05', '−₹0.05'],
  [0, '₹0.00', '₹0.00'],
  [LARGEST_AMOUNT, '₹9,00,71,99,25,47,409.91', '+₹9,00,71,99,25,47,409.91'],
])('%d paise', (minor, plain, change) => {
  expect([formatMoney(minor), formatChange(minor)]).toEqual([plain, change]);
});

test.each([
  ['100000', '1,00,000'],
  ['1,00,0000', '10,00,000'],
  ['₹ 1234.5', '1,234.5'],
  ['1234.', '1,234.'],
  ['.5', '0.5'],
  ['1.2.3', '1.23'],
  ['1.999', '1.99'],
  ['007', '7'],
  ['123456789012345', '12,34,56,78,90,12,345'],
  ['0', '0'],
  ['abc', ''],
  ['', ''],
])('%s is shown as %s while it is typed', (typed, shown) => {
  expect(groupTypedAmount(typed)).toBe(shown);
  expect(groupTypedAmount(shown)).toBe(shown);
});

test.each([
  ['12|00000', '12|,00,000'],
  ['123|,00,000', '1,23|,00,000'],
  ['1|000', '1|,000'],
  ['10|,000', '10|,000'],
  ['|1000', '|1,000'],
  ['12345|', '12,345|'],
  ['.5|', '0.5|'],
  ['1,2x|34', '1,2|34'],
  ['007|1', '71|'],
])('%s becomes %s: the caret stays behind what it stood behind', (typed, grouped) => {
  const text = typed.replace('|', '');
  const caret = caretInGrouped(text, typed.indexOf('|'));
  const shown = groupTypedAmount(text);
  expect(`${shown.slice(0, caret)}|${shown.slice(caret)}`).toBe(grouped);
});

test.each([
  ['1,00,000', 1_00_000_00],
  ['100.5', 10_050],
  ['100.', 10_000],
  ['0.01', 1],
  ['₹ 12', 1_200],
  ['90071992547409.91', LARGEST_AMOUNT],
])('%s is %d paise', (text, minor) => expect(parseAmount(text)).toBe(minor));

test.each(['', '0', '0.00', '-1', '1.234', 'ten', '90071992547409.92', '12,34,56,78,90,12,345', '1e3'])(
  '%s is no amount',
  (text) => expect(parseAmount(text)).toBeUndefined(),
);

test('of an amount that is too large that is said', () => {
  expect(['100', '0', 'ten', '12,34,56,78,90,12,345', '90071992547409.92'].map(amountFault)).toEqual([
    undefined,
    ...['More than ₹0, such as 100 or 1,250.50.', 'More than ₹0, such as 100 or 1,250.50.'],
    ...['At most ₹9,00,71,99,25,47,409.91.', 'At most ₹9,00,71,99,25,47,409.91.'],
  ]);
});

test('what is formatted is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: LARGEST_AMOUNT }), (minor) => {
      expect(parseAmount(formatMoney(minor))).toBe(minor);
    }),
  );
});
