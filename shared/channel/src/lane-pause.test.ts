import { setImmediate as nextTick } from 'node:timers/promises';
import { LanePause, type Handled } from './lane-pause.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A lane of providers that fail when the test says so, under a clock that the test moves. */
function aLane(providers = 1, giveUpAfterMs = 24 * HOUR_MS) {
  let nowMs = 0;
  let timers: { atMs: number; work: () => void }[] = [];
  const clock = {
    nowMs: () => nowMs,
    wallClockMs: () => nowMs,
    after(ms: number, work: () => void) {
      const timer = { atMs: nowMs + ms, work };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
  };
  const failing = Array.from({ length: providers }, () => false);
  const dueAtMs = Array.from({ length: providers }, () => 0);
  const changes: string[] = [];
  const pause = new LanePause({
    clock,
    giveUpAfterMs,
    providers: failing.map((_, n) => ({
      isFailing: () => failing[n]!,
      testDueInMs: () => Math.max(0, dueAtMs[n]! - nowMs),
    })),
    onChange: (isPaused) => changes.push(isPaused ? 'paused' : 'goes on'),
  });
  const attempts: string[] = [];
  const returned: string[] = [];
  const stop = new AbortController();
  let onAttempt: (name: string) => Handled | Promise<Handled> = () => 'done';
  return {
    pause,
    attempts,
    returned,
    changes,
    stop,
    /** What an attempt comes to from now on. */
    attemptsAre: (how: typeof onAttempt) => void (onAttempt = how),
    /** Begins to fail, with a test due so much later; or to have been tested in vain. */
    fail: (n = 0, dueInMs = 10_000) => {
      failing[n] = true;
      dueAtMs[n] = nowMs + dueInMs;
      pause.update();
    },
    recover: (n = 0) => {
      failing[n] = false;
      pause.update();
    },
    arrive: async (...names: string[]) => {
      for (const name of names) {
        const attempt = () => {
          attempts.push(name);
          return Promise.resolve(onAttempt(name));
        };
        void pause.run(attempt, stop.signal).then((end) => end === 'held too long' && returned.push(name));
      }
      await nextTick();
    },
    passTime: async (ms: number) => {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        nowMs = next.atMs;
        next.work();
        await nextTick();
      }
      nowMs = untilMs;
      await nextTick();
    },
  };
}

test('a lane is paused only while every provider fails', () => {
  const { pause, fail, recover, changes } = aLane(2);
  fail(0);
  expect(pause.isPaused).toBe(false);
  fail(1);
  expect(pause.isPaused).toBe(true);
  recover(0);
  expect(pause.isPaused).toBe(false);
  expect(changes).toEqual(['paused', 'goes on']);
});

test('while it is paused nothing is attempted until a test is due, and then one message', async () => {
  const { arrive, attempts, attemptsAre, fail, passTime } = aLane();
  fail();
  await arrive('a', 'b', 'c');
  await passTime(9_999);
  expect(attempts).toEqual([]);
  attemptsAre(() => {
    fail(0, 20_000);
    return 'held';
  });
  await passTime(1);
  expect(attempts).toEqual(['a']);
  await passTime(20_000);
  expect(attempts).toEqual(['a', 'b']);
});

test('a message that always fails for a reason of its own does not keep the lane paused', async () => {
  const { arrive, attempts, attemptsAre, fail, recover, passTime } = aLane();
  fail();
  await arrive('unlucky', 'b', 'c');
  attemptsAre((name) => {
    if (name === 'unlucky') {
      fail();
      return 'held';
    }
    recover();
    return 'done';
  });
  await passTime(20_000);
  expect(attempts.slice(0, 2)).toEqual(['unlucky', 'b']);
  expect(attempts).toContain('c');
});

test('when a provider works again, messages go on in the order in which they arrived', async () => {
  const { arrive, attempts, attemptsAre, fail, recover, passTime } = aLane();
  attemptsAre(async (name) => {
    await nextTick();
    fail();
    return name < 'c' ? 'held' : 'done';
  });
  await arrive('a', 'b');
  await nextTick();
  await arrive('c', 'd');
  expect(attempts.splice(0)).toEqual(['a', 'b']);
  attemptsAre(() => {
    recover();
    return 'done';
  });
  await passTime(10_000);
  expect(attempts).toEqual(['a', 'b', 'c', 'd']);
});

test('a test that shows nothing of the provider is followed by the next message at once', async () => {
  const { arrive, attempts, fail, passTime } = aLane();
  fail();
  await arrive('already sent', 'b');
  await passTime(10_000);
  expect(attempts).toEqual(['already sent', 'b']);
});

test('an attempt that throws ends its test', async () => {
  const { pause, stop, arrive, attempts, fail, passTime } = aLane();
  fail();
  const throwing = pause.run(() => Promise.reject(new Error('database away')), stop.signal);
  await arrive('b');
  await Promise.all([expect(throwing).rejects.toThrow('database away'), passTime(10_000)]);
  expect(attempts).toEqual(['b']);
});

test('messages go back to the broker before it takes them for forgotten, all together and in order', async () => {
  const { arrive, returned, attempts, attemptsAre, fail, passTime } = aLane();
  attemptsAre(() => {
    fail(0, MINUTE_MS);
    return 'held';
  });
  fail();
  await arrive('a', 'b');
  await passTime(10 * MINUTE_MS);
  await arrive('c');
  await passTime(9 * MINUTE_MS);
  expect(returned).toEqual([]);
  await passTime(2 * MINUTE_MS);
  expect(returned).toEqual(['a', 'b', 'c']);
  expect(new Set(attempts)).toEqual(new Set(['a', 'b', 'c']));
});

test('when the process stops, messages wait no longer', async () => {
  const { arrive, returned, attempts, fail, stop } = aLane();
  fail();
  await arrive('a', 'b');
  stop.abort();
  await arrive('c');
  expect(returned).toEqual(['a', 'b', 'c']);
  expect(attempts).toEqual([]);
});

test('it knows for how long of a time it was paused', async () => {
  const { pause, fail, recover, passTime } = aLane();
  await passTime(1_000);
  expect(pause.pausedMsSince(0)).toBe(0);
  fail();
  await passTime(5_000);
  recover();
  await passTime(1_000);
  fail();
  await passTime(2_000);
  expect(pause.pausedMsSince(0)).toBe(7_000);
  expect(pause.pausedMsSince(3_000)).toBe(5_000);
  expect(pause.pausedMsSince(6_500)).toBe(2_000);
  expect(pause.pausedMsSince(8_000)).toBe(1_000);
  expect(pause.pausedMsSince(20_000)).toBe(0);
});

test('a pause is remembered for as long as an alert that it delayed may still be tried', async () => {
  const giveUpAfterMs = 168 * HOUR_MS;
  const { pause, fail, recover, passTime } = aLane(1, giveUpAfterMs);
  const pauseFor = async (ms: number) => {
    fail();
    await passTime(ms);
    recover();
  };
  await pauseFor(5_000);
  // The last attempt comes up to an hour after the age at which the alert is given up.
  await passTime(giveUpAfterMs + HOUR_MS);
  await pauseFor(1_000);
  expect(pause.pausedMsSince(0)).toBe(6_000);
  await passTime(giveUpAfterMs);
  await pauseFor(1_000);
  expect(pause.pausedMsSince(0)).toBe(2_000);
});
