import type { DeadLetterGroup, ReplayOutcome } from '../api/operations.ts';
import { asShown, isConfirmed, limitAt, parseRate, replayAll, replayedOf, type Progress } from './replay.ts';

const outcome = (replayed: number, remaining: number): ReplayOutcome => ({
  dryRun: false,
  matched: replayed + remaining,
  replayed,
  remaining,
  refused: 0,
  unavailable: [],
});

async function run(outcomes: ReplayOutcome[], isStopped = () => false) {
  const seen: Progress[] = [];
  const left = [...outcomes];
  const call = () => Promise.resolve(left.shift() ?? Promise.reject(new Error('called once too often')));
  const result = await replayAll(call, { onProgress: (progress) => seen.push(progress), isStopped });
  return { result, seen, left };
}

test('calls again until nothing remains', async () => {
  const { result, seen } = await run([outcome(500, 700), outcome(500, 200), outcome(200, 0)]);
  expect(result).toMatchObject({ replayed: 1_200, remaining: 0 });
  expect(seen.map(({ replayed }) => replayed)).toEqual([500, 1_000, 1_200]);
});

test('does not go on when a call has moved nothing', async () => {
  const { result, left } = await run([outcome(3, 2), outcome(0, 2), outcome(2, 0)]);
  expect(result).toMatchObject({ replayed: 3, remaining: 2 });
  expect(left).toHaveLength(1);
});

test('stops between calls when it is asked to', async () => {
  const { result } = await run([outcome(500, 700), outcome(500, 200)], () => true);
  expect(result).toMatchObject({ replayed: 500, remaining: 700 });
});

test('of a call that nobody answered one does not know what it did', () => {
  const how = (isRunning: boolean, isUnsure: boolean) => replayedOf(500, 1_200, { isRunning, isUnsure });
  expect(how(true, false)).toBe('500 of 1,200 letters replayed so far…');
  expect(how(false, false)).toBe('500 of 1,200 letters replayed.');
  expect(how(false, true)).toBe('At least 500 of 1,200 letters replayed.');
  expect(replayedOf(1, 1, { isRunning: false, isUnsure: false })).toBe('1 of 1 letter replayed.');
});

test.each([
  ['1', 1],
  [' 50 ', 50],
  ['1000', 1_000],
  ['0', undefined],
  ['1001', undefined],
  ['5.5', undefined],
  ['', undefined],
])('rate %j is %j', (text, rate) => expect(parseRate(text)).toBe(rate));

test('the number of letters confirms, grouped or not, and nothing else', () => {
  expect(isConfirmed('1,234', 1_234)).toBe(true);
  expect(isConfirmed(' 1234', 1_234)).toBe(true);
  expect(isConfirmed('', 0)).toBe(false);
  expect(isConfirmed('12', 1_234)).toBe(false);
});

test('a slow replay reports its progress every few seconds, a fast one after the most that a call may handle', () => {
  expect([1, 50, 1_000].map(limitAt)).toEqual([5, 250, 500]);
});

test('means what was shown, and nothing that died since', () => {
  const group = (newestAt: string): DeadLetterGroup => ({
    channel: 'email',
    reason: 'rejected',
    group: 'no such mailbox',
    count: 1,
    oldestAt: newestAt,
    newestAt,
    sampleId: 'email-1',
  });
  const groups = [group('2025-11-24T10:00:00.123Z'), group('2025-11-24T09:00:00.000Z')];
  expect(asShown({ channel: 'email' }, groups)).toEqual({
    channel: 'email',
    until: '2025-11-24T10:00:00.124Z',
  });
});
