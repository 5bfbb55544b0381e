import { AttemptLog, MAX_ATTEMPT_TEXT_LENGTH } from './attempts.ts';
import type { Attempt, AttemptFilter } from './attempts.ts';

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');

/** A log with one attempt per entry, a second apart. */
function logOf(entries: readonly Partial<Attempt>[], max?: number): AttemptLog {
  let seconds = 0;
  const log = new AttemptLog({
    now: () => START_MS + seconds++ * 1_000,
    ...(max === undefined ? {} : { max }),
  });
  for (const entry of entries)
    log.record({ reference: 'r', to: '+1', outcome: 'stored', status: 201, ...entry });
  return log;
}

const sequences = (log: AttemptLog, filter: Partial<AttemptFilter> = {}) =>
  log.list({ after: 0, limit: 100, ...filter }).map(({ sequence }) => sequence);

test('tells what was tried, when, and what came of it, in order', () => {
  const log = logOf([
    { reference: 'a', to: '+91' },
    { reference: 'b', outcome: 'hung', status: null },
  ]);
  expect(log.list({ after: 0, limit: 10 })).toEqual([
    {
      sequence: 1,
      time: '2026-01-01T00:00:00.000Z',
      reference: 'a',
      to: '+91',
      outcome: 'stored',
      status: 201,
    },
    {
      sequence: 2,
      time: '2026-01-01T00:00:01.000Z',
      reference: 'b',
      to: '+1',
      outcome: 'hung',
      status: null,
    },
  ]);
});

test('finds by reference, recipient and outcome, all at once', () => {
  const log = logOf([
    { reference: 'a', to: '+1', outcome: 'failed' },
    { reference: 'a', to: '+2', outcome: 'failed' },
    { reference: 'a', to: '+1', outcome: 'stored' },
    { reference: 'b', to: '+1', outcome: 'failed' },
  ]);
  expect(sequences(log, { reference: 'a' })).toEqual([1, 2, 3]);
  expect(sequences(log, { to: '+1' })).toEqual([1, 3, 4]);
  expect(sequences(log, { outcome: 'failed' })).toEqual([1, 2, 4]);
  expect(sequences(log, { reference: 'a', to: '+1', outcome: 'failed' })).toEqual([1]);
  expect(sequences(log, { reference: 'c' })).toEqual([]);
});

test('is followed by the last sequence, also past what was forgotten', () => {
  const log = logOf(
    Array.from({ length: 10 }, () => ({})),
    4,
  );
  expect(sequences(log)).toEqual([7, 8, 9, 10]);
  expect(sequences(log, { after: 2, limit: 2 })).toEqual([7, 8]);
  expect(sequences(log, { after: 8 })).toEqual([9, 10]);
  expect(sequences(log, { after: 10 })).toEqual([]);
  expect(sequences(log, { after: 99 })).toEqual([]);
});

test('counts by reference only what it still has', () => {
  const log = logOf([{ reference: 'a' }, { reference: 'a' }, { reference: 'b' }, { reference: 'b' }], 3);
  expect([log.countOf('a'), log.countOf('b'), log.countOf('c')]).toEqual([1, 2, 0]);
  log.clear();
  expect([log.length, log.countOf('b')]).toEqual([0, 0]);
  log.record({ reference: 'b', to: '', outcome: 'stored', status: 201 });
  expect(sequences(log)).toEqual([5]);
});

test('keeps the beginning of a text that is too long, whatever is in it', () => {
  const long = `₹${'x'.repeat(5_000)}`;
  const log = logOf([{ reference: long, to: long }]);
  const kept = long.slice(0, MAX_ATTEMPT_TEXT_LENGTH);
  expect(log.list({ after: 0, limit: 1 })[0]).toMatchObject({ reference: kept, to: kept });
  expect(log.countOf(kept)).toBe(1);
});
