import { areAtTheEnd, NOTHING_AMISS, tally } from './tally.ts';

const heads = new Map([
  ['a', 3],
  ['b', 2],
]);
const one = (topic: string, ...told: number[]) => ({ topic, told });

test('finds no fault where every follower got every event', () => {
  const followers = [one('a', 1, 2, 3), one('b', 1, 2), one('nobody ever paid')];
  expect(tally(followers, heads)).toEqual({ clients: 3, expected: 5, ...NOTHING_AMISS });
  expect(areAtTheEnd(followers, heads)).toBe(true);
});

test('finds what is missing, at the end, in the middle and altogether', () => {
  const followers = [one('a', 1, 2), one('a', 1, 3), one('b')];
  expect(tally(followers, heads)).toMatchObject({ expected: 8, lost: 4, doubled: 0 });
  expect(areAtTheEnd(followers, heads)).toBe(false);
});

test('finds what came twice, and what came too early', () => {
  expect(tally([one('a', 1, 2, 2, 3)], heads)).toMatchObject({ lost: 0, doubled: 1, disordered: 0 });
  expect(tally([one('a', 1, 3, 2)], heads)).toMatchObject({ lost: 0, doubled: 0, disordered: 1 });
});
