import { isWorthAToast, newsOf } from './news-of.ts';

const data = { amount: 1_00_000, counterparty: { name: 'Asha Rao' }, note: 'lunch' };

test.each([
  ['transfer.credited', data, '₹1,000.00 from Asha Rao'],
  ['transfer.debited', data, '₹1,000.00 to Asha Rao'],
  ['payout.completed', { succeeded: 1600, total: 2_00_000 }, 'Payout finished: 1,600 of 2,00,000 lines paid'],
  ['something.new', {}, 'Something happened on this account'],
])('%s is told in one line', (type, told, line) => {
  expect(newsOf({ type, data: told })).toBe(line);
});

test('money that one has sent oneself is no news in the corner', () => {
  expect(isWorthAToast({ type: 'transfer.debited', data })).toBe(false);
  expect(isWorthAToast({ type: 'transfer.credited', data })).toBe(true);
});
