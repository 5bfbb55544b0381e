import { AmountMinor, Currency, MAX_AMOUNT_MINOR } from './money.ts';

test.each([1, 100, 10_000, 2 ** 53 - 1])('%d paise is an amount', (amount) => {
  expect(AmountMinor.parse(amount)).toBe(amount);
});

test('the largest amount is the last one that every JSON reader has exactly', () => {
  expect(MAX_AMOUNT_MINOR).toBe(9_007_199_254_740_991);
  expect(MAX_AMOUNT_MINOR + 1).toBe(MAX_AMOUNT_MINOR + 2);
});

test.each([
  [0, 'greater than zero'],
  [-1, 'greater than zero'],
  [-0, 'greater than zero'],
  [99.5, 'whole number of minor units'],
  [0.1 + 0.2, 'whole number of minor units'],
  [1e-9, 'whole number of minor units'],
])('%d is none: it must be %s', (amount, reason) => {
  const { success, error } = AmountMinor.safeParse(amount);
  expect(success).toBe(false);
  expect(error?.issues.map(({ message }) => message).join()).toContain(reason);
});

test.each([2 ** 53, 2 ** 53 + 2, 1e300, Infinity, -Infinity, NaN])(
  '%d is none: no number is exact there',
  (amount) => {
    expect(AmountMinor.safeParse(amount).success).toBe(false);
  },
);

test.each(['100', '', '1e2', null, undefined, true, [100], { amount: 100 }, 100n, new Date(100)])(
  '%p is none: an amount is a number and nothing that could become one',
  (amount) => {
    expect(AmountMinor.safeParse(amount).success).toBe(false);
  },
);

test.each(['INR'])('%s is a currency', (currency) => {
  expect(Currency.parse(currency)).toBe(currency);
});
test.each(['inr', 'USD', 'Rs', '', null])('%p is none of ours', (currency) => {
  expect(Currency.safeParse(currency).success).toBe(false);
});
