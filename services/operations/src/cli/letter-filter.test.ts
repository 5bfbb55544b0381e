import { Command, InvalidArgumentError } from 'commander';
import { toFilter, wholeNumber, withFilterOptions } from './letter-filter.ts';

const filterOf = (...args: string[]) => {
  const command = withFilterOptions(new Command().exitOverride()).configureOutput({
    writeErr: () => undefined,
  });
  return toFilter(command.parse(args, { from: 'user' }).opts());
};

test('options become the filter of the API; what was not said is left out', () => {
  expect(filterOf()).toEqual({});
  expect(filterOf('--channel', 'email', '--transfer', 't', '--payout', 'p', '--q', 'no such user')).toEqual({
    channel: 'email',
    transferId: 't',
    payoutId: 'p',
    q: 'no such user',
  });
});

test.each(['2026-11-24T08:00Z', '2026-11-24T13:30:00+05:30'])('%s is a time', (time) => {
  expect(filterOf('--since', time)).toEqual({ since: '2026-11-24T08:00:00.000Z' });
});

test('so long ago is a time as well', () => {
  const before = Date.now();
  const since = Date.parse(filterOf('--since', '2h')['since'] ?? '');
  expect(since).toBeGreaterThanOrEqual(before - 7_200_000);
  expect(since).toBeLessThanOrEqual(Date.now() - 7_200_000);
});

test.each(['soon', '2w', '-1h', ''])('%j is none', (time) => {
  expect(() => filterOf('--since', time)).toThrow(/must be a time/);
});

test.each(['0', '11', '1.5', '1e1', '-1', ''])('%j is no whole number from 1 to 10', (text) => {
  expect(() => wholeNumber(1, 10)(text)).toThrow(InvalidArgumentError);
});
