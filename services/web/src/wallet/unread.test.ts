import type { LiveEvent } from '@payfan/live-client';
import { unreadOf } from './unread.ts';

const event = (seq: number) => ({ seq, id: String(seq) }) as LiveEvent;
const page = (...numbers: number[]) => ({ data: numbers.map(event), next: numbers.at(-1) ?? 7 });

test.each([
  ['nothing is new', page(), 7, [], 0],
  ['nothing ever happened', { data: [], next: 0 }, undefined, [], 0],
  ['all that is new is there', page(8, 9), 7, [9, 8], 0],
  ['more is new than is shown', page(60, 61), 7, [61, 60], 52],
  ['nobody ever looked', page(3, 4), undefined, [4, 3], 2],
  ['the feed has begun anew', page(2, 3), 900, [3, 2], 1],
])('%s', (_, answer, seen, news, earlier) => {
  const unread = unreadOf(answer, seen);
  expect(unread.news.map(({ seq }) => seq)).toEqual(news);
  expect(unread.earlier).toBe(earlier);
});
