import { hasTooManyUnknownPayees } from './unknown-payees.ts';

test.each([
  ['as many as the limit', { lines: 20, unknownPayees: 20 }, 20, false],
  ['one more, of few lines', { lines: 21, unknownPayees: 21 }, 20, true],
  ['one more than the limit, exactly 5 % of the lines', { lines: 420, unknownPayees: 21 }, 20, false],
  ['one more than the limit, just over 5 % of the lines', { lines: 419, unknownPayees: 21 }, 20, true],
  ['exactly 5 % of the longest payout', { lines: 100_000, unknownPayees: 5_000 }, 20, false],
  ['one more than 5 % of the longest payout', { lines: 100_000, unknownPayees: 5_001 }, 20, true],
  ['more than 5 % of the lines, but fewer than the limit', { lines: 10, unknownPayees: 10 }, 20, false],
  ['all lines, with the limit switched off', { lines: 100_000, unknownPayees: 100_000 }, 0, false],
])('%s: %j with a limit of %i is too many: %s', (_, counts, perHour, expected) => {
  expect(hasTooManyUnknownPayees(counts, perHour)).toBe(expected);
});
