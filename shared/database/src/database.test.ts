import { isDatabaseAway } from './database.ts';

const withCode = (code: string) => Object.assign(new Error('from the database'), { code });

test.each([
  ['08006', 'connection failure'],
  ['08001', 'cannot connect'],
  ['53100', 'disk full'],
  ['53300', 'too many connections'],
  ['57P01', 'shut down by an administrator'],
  ['57P03', 'starting up'],
  ['57014', 'statement timeout'],
  ['55P03', 'lock not available'],
  ['25006', 'read-only'],
  ['ECONNREFUSED', 'nobody listens'],
  ['ECONNRESET', 'the connection broke'],
  ['ENOTFOUND', 'the name is unknown'],
])('%s (%s) means that the database is away', (code) => {
  expect(isDatabaseAway(withCode(code))).toBe(true);
});

test.each([
  ['23505', 'unique violation'],
  ['23514', 'check violation'],
  ['42501', 'not permitted'],
  ['42P01', 'no such table'],
  ['22003', 'out of range'],
  ['40P01', 'deadlock'],
  ['28P01', 'wrong password'],
  ['ENOENT', 'no such file'],
])('%s (%s) does not', (code) => {
  expect(isDatabaseAway(withCode(code))).toBe(false);
});

test('what the driver says without a code counts too', () => {
  expect(isDatabaseAway(new Error('Connection terminated unexpectedly'))).toBe(true);
  expect(isDatabaseAway(new Error('timeout exceeded when trying to connect'))).toBe(true);
  expect(isDatabaseAway(new Error('anything else'))).toBe(false);
});

test('several addresses that all failed count as one', () => {
  expect(isDatabaseAway(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]))).toBe(true);
  expect(isDatabaseAway(new AggregateError([new Error('something else')]))).toBe(false);
});

test.each([undefined, null, 'ECONNREFUSED', { code: '08006' }, 8006])(
  '%j is no error of a database',
  (thrown) => {
    expect(isDatabaseAway(thrown)).toBe(false);
  },
);
