import { eventOf } from './testing/simulated-world.ts';
import { Topic } from './topic.ts';

const ASHA = 'account.asha';
const event = (seq: number) => eventOf(ASHA, seq);

test('a gap is reported with the number at which events go on, and earlier events do not come again', () => {
  const topic = new Topic(ASHA);
  topic.add(1, 18, 0);
  for (const seq of [19, 20]) topic.offer(event(seq));
  expect(topic.gone(20, undefined, '/snapshot')).toEqual([]);
  expect(topic.from()).toBeUndefined();
  // On its way on another connection.
  expect(topic.offer(event(20))).toMatchObject({ tell: [], gaps: [] });
  const gap = { topic: ASHA, after: 20, resumesAfter: 30, snapshot: '/snapshot' };
  expect(topic.begun(undefined, 30)).toEqual([{ subscriber: 1, gap }]);
  expect(topic.offer(event(31))).toMatchObject({ tell: [1], gaps: [] });
});

test('if another connection tells the next number after all, there was no gap', () => {
  const topic = new Topic(ASHA);
  topic.add(1, 20, 0);
  topic.gone(20, undefined, undefined);
  expect(topic.offer(event(21))).toMatchObject({ tell: [1], gaps: [] });
  expect(topic.begun(undefined, 30)).toEqual([]);
  expect(topic.from()).toBe(21);
});

test('only those who lack what is gone have a gap', () => {
  const topic = new Topic(ASHA);
  topic.add(1, 5, 0);
  topic.add(2, 18, 0);
  expect(topic.gone(5, 20, undefined)).toEqual([
    { subscriber: 1, gap: { topic: ASHA, after: 5, resumesAfter: 20 } },
  ]);
  expect(topic.from()).toBe(18);
});

test('whoever comes with less while a gap is open brings back what was thought to be gone', () => {
  const topic = new Topic(ASHA);
  topic.add(1, 8, 0);
  topic.gone(8, undefined, undefined);
  topic.add(2, 5, 0);
  expect(topic.begun(5, 20)).toEqual([]);
  expect([6, 7, 8, 9].map((seq) => topic.offer(event(seq)).tell)).toEqual([[2], [2], [2], [1, 2]]);
});

test('a log that ends before what was delivered from it is another one: a gap for every subscriber, then its numbers', () => {
  const topic = new Topic(ASHA);
  topic.add(1, 90, 0);
  topic.add(2, 95, 0);
  expect(topic.gone(90, 6, undefined)).toEqual([
    { subscriber: 1, gap: { topic: ASHA, after: 90, resumesAfter: 6 } },
    { subscriber: 2, gap: { topic: ASHA, after: 95, resumesAfter: 6 } },
  ]);
  expect(topic.offer(event(7)).tell).toEqual([1, 2]);
});

test('who is beyond a number', () => {
  const topic = new Topic(ASHA);
  expect(topic.beyond(0)).toBeUndefined();
  topic.add(1, 18, 0);
  topic.add(2, 99, 0);
  expect([topic.beyond(98), topic.beyond(99)]).toEqual([99, undefined]);
  expect(topic.gone(99, 18, undefined)).toMatchObject([
    { subscriber: 2, gap: { after: 99, resumesAfter: 18 } },
  ]);
  expect(topic.from()).toBe(18);
});

test('newcomers begin where the topic stands, or is known to reach', () => {
  const topic = new Topic(ASHA);
  topic.add(1, 3, 0);
  topic.begun(3, 10);
  topic.add(2, undefined, 10);
  expect(topic.offer(event(4)).tell).toEqual([1]);
  topic.add(3, undefined, 0);
  expect(topic.offer(event(5)).tell).toEqual([1, 3]);
});

test('a pattern covers what begins with its words, and knows repeats by their ids', () => {
  const topic = new Topic('account.*');
  expect(['account.asha', 'account.a.b', 'accounts.x', 'account'].map((name) => topic.covers(name))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  topic.add(1, undefined, 0);
  expect([7, 9, 7].map((seq) => topic.offer(event(seq)).tell)).toEqual([[1], [1], []]);
});

test('of events without numbers the last thousand are remembered', () => {
  const topic = new Topic('public.news');
  topic.add(1, undefined, 0);
  for (let seq = 1; seq <= 1_001; seq += 1) topic.offer(eventOf('public.news', seq));
  expect(topic.offer(eventOf('public.news', 2)).isNew).toBe(false);
  expect(topic.offer(eventOf('public.news', 1)).isNew).toBe(true);
});
