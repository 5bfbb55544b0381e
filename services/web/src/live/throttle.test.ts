import { Throttle } from './throttle.ts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Notes what was done; what is asked for ends at once, unless its end is in hand. */
function noting(everyMs = 500) {
  const throttle = new Throttle(everyMs);
  const done: string[] = [];
  const ask = (name: string, end: Promise<unknown> = Promise.resolve()) =>
    throttle.ask(() => {
      done.push(name);
      return end;
    });
  return { throttle, done, ask };
}

test('of many at once the first is done at once and the last after a while', async () => {
  const { done, ask } = noting();
  for (const name of ['a', 'b', 'c']) ask(name);
  expect(done).toEqual(['a']);
  await jest.advanceTimersByTimeAsync(499);
  expect(done).toEqual(['a']);
  await jest.advanceTimersByTimeAsync(1);
  expect(done).toEqual(['a', 'c']);
});

test('a stream of them is done once in a while, and its last one too', async () => {
  const { done, ask } = noting();
  for (let at = 0; at < 2_000; at += 100) {
    ask(String(at));
    await jest.advanceTimersByTimeAsync(100);
  }
  await jest.advanceTimersByTimeAsync(1_000);
  expect(done).toEqual(['0', '400', '900', '1400', '1900']);
});

test('after a rest one is done at once again', async () => {
  const { done, ask } = noting();
  ask('a');
  await jest.advanceTimersByTimeAsync(500);
  ask('b');
  expect(done).toEqual(['a', 'b']);
});

test('what takes long is not overtaken, and a failure ends it too', async () => {
  const { done, ask } = noting();
  let fail: (error: Error) => void = () => undefined;
  ask('slow', new Promise((_, reject) => (fail = reject)));
  ask('next');
  await jest.advanceTimersByTimeAsync(10_000);
  expect(done).toEqual(['slow']);
  fail(new Error('no answer'));
  await jest.advanceTimersByTimeAsync(0);
  expect(done).toEqual(['slow', 'next']);
});

test('what waits can be forgotten', async () => {
  const { throttle, done, ask } = noting();
  ask('a');
  ask('b');
  throttle.forget();
  await jest.advanceTimersByTimeAsync(500);
  ask('c');
  expect(done).toEqual(['a', 'c']);
});
