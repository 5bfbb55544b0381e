import { CircuitBreaker, type CallResult } from './circuit-breaker.ts';

const works: CallResult = { works: true };
const fails: CallResult = { works: false, retryAfterMs: 0, refusesUs: false };
const refusesUs: CallResult = { ...fails, refusesUs: true };

function aBreaker() {
  const clock = { nowMs: 0 };
  const changes: string[] = [];
  const breaker = new CircuitBreaker({
    clock: { nowMs: () => clock.nowMs },
    onChange: (state) => changes.push(state),
  });
  const call = (shows: CallResult) =>
    breaker.run(
      () => Promise.resolve(shows),
      (result) => result,
    );
  const fail = async (times: number) => {
    for (let n = 0; n < times; n += 1) await call(fails);
  };
  return { breaker, clock, changes, call, fail };
}

test('it opens after ten failures in a row', async () => {
  const { breaker, call, fail, changes } = aBreaker();
  await fail(9);
  await call(works);
  await fail(9);
  expect(breaker.state).toBe('closed');
  await fail(1);
  expect(breaker.state).toBe('open');
  expect(changes).toEqual(['open']);
});

test('it opens at the first refusal of Payfan itself', async () => {
  const { breaker, call } = aBreaker();
  await call(refusesUs);
  expect(breaker.state).toBe('open');
});

test('a test is due after ten seconds, then after twice as long each time, a minute at most', async () => {
  const { breaker, clock, fail, changes } = aBreaker();
  await fail(10);
  for (const seconds of [10, 20, 40, 60, 60]) {
    clock.nowMs += 1_000 * seconds - 1;
    expect([breaker.state, breaker.dueInMs()]).toEqual(['open', 1]);
    clock.nowMs += 1;
    expect([breaker.state, breaker.dueInMs()]).toEqual(['due', 0]);
    await fail(1);
  }
  expect(changes).toEqual(['open']);
});

test('after refusals of Payfan itself the tests become rarer, until there is one an hour', async () => {
  const { breaker, clock, call } = aBreaker();
  await call(refusesUs);
  const waitsMs: number[] = [];
  for (let test = 0; test < 12; test += 1) {
    waitsMs.push(breaker.dueInMs());
    clock.nowMs += breaker.dueInMs();
    await call(refusesUs);
  }
  expect(waitsMs.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000]);
  expect(waitsMs.at(-1)).toBe(3_600_000);
});

test('a provider that asks for a pause is not tested before that is over', async () => {
  const { breaker, call } = aBreaker();
  for (let n = 0; n < 10; n += 1) await call({ ...fails, retryAfterMs: 5_000 });
  expect(breaker.dueInMs()).toBe(10_000);
  await call({ ...fails, retryAfterMs: 300_000 });
  expect(breaker.dueInMs()).toBe(300_000);
});

test('while one call tests, the others can wait for what comes of it', async () => {
  const { breaker, clock, fail, changes } = aBreaker();
  await fail(10);
  clock.nowMs += 10_000;
  let answer: (shows: CallResult) => void = () => undefined;
  const testing = breaker.run<CallResult>(
    () => new Promise((resolve) => (answer = resolve)),
    (shows) => shows,
  );
  expect(breaker.state).toBe('testing');
  const ended = breaker.testEnded();
  answer(works);
  await Promise.all([testing, ended]);
  expect(breaker.state).toBe('closed');
  expect(changes).toEqual(['open', 'closed']);
});

test('failures of calls that began before it opened put no test off, and a success closes it', async () => {
  const { breaker, clock, call, fail } = aBreaker();
  await fail(10);
  clock.nowMs += 9_000;
  await fail(1);
  expect(breaker.dueInMs()).toBe(1_000);
  await call(works);
  expect(breaker.state).toBe('closed');
});
