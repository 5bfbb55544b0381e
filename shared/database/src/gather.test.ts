import fc from 'fast-check';
import { gather, QueueFull } from './gather.ts';

/** Batches that end when the test says so. */
function batches() {
  const started: { items: number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const work = (items: number[]) =>
    new Promise<string[]>((resolve, reject) => {
      started.push({ items, finish: () => resolve(items.map((item) => `done ${item}`)), fail: reject });
    });
  return { started, work };
}
/** One turn of the event loop. */
const turn = () => new Promise(setImmediate);

test('a lone call starts in the turn of the event loop in which it is made', async () => {
  const { started, work } = batches();
  const call = gather({ work, maxItems: 10 });
  const result = call(1);
  await turn();
  expect(started.map(({ items }) => items)).toEqual([[1]]);
  started[0]?.finish();
  expect(await result).toBe('done 1');
});

test('calls made in one turn share a batch, and those that come while it runs are the next', async () => {
  const { started, work } = batches();
  const call = gather({ work, maxItems: 10 });
  const results = [call(1), call(2)];
  await turn();
  results.push(call(3));
  await turn();
  results.push(call(4), call(5));
  await turn();
  expect(started.map(({ items }) => items)).toEqual([[1, 2]]);
  started[0]?.finish();
  await turn();
  expect(started.map(({ items }) => items)).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  started[1]?.finish();
  expect(await Promise.all(results)).toEqual(['done 1', 'done 2', 'done 3', 'done 4', 'done 5']);
});

test('more than fits in a batch waits for the next, in order', async () => {
  const { started, work } = batches();
  const call = gather({ work, maxItems: 3 });
  const results = Promise.all([1, 2, 3, 4, 5, 6, 7].map((item) => call(item)));
  for (let batch = 0; batch < 3; batch += 1) {
    await turn();
    started[batch]?.finish();
  }
  expect((await results).at(-1)).toBe('done 7');
  expect(started.map(({ items }) => items)).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
});

test('an error fails its own batch, every item of it, and no other', async () => {
  const { started, work } = batches();
  const call = gather({ work, maxItems: 2 });
  const outcomes = Promise.allSettled([1, 2, 3, 4].map((item) => call(item)));
  await turn();
  started[0]?.fail(new Error('the database is away'));
  await turn();
  started[1]?.finish();
  expect(await outcomes).toMatchObject([
    { status: 'rejected', reason: { message: 'the database is away' } },
    { status: 'rejected', reason: { message: 'the database is away' } },
    { status: 'fulfilled', value: 'done 3' },
    { status: 'fulfilled', value: 'done 4' },
  ]);
});

test('work that throws before it has a promise fails its batch too, and the next one runs', async () => {
  let first = true;
  const call = gather({
    maxItems: 1,
    work: (items: number[]) => {
      if (!first) return Promise.resolve(items);
      first = false;
      throw new Error('no promise');
    },
  });
  const [failed, done] = await Promise.allSettled([call(1), call(2)]);
  expect(failed).toMatchObject({ reason: { message: 'no promise' } });
  expect(done).toMatchObject({ value: 2 });
});

test.each([[[]], [['one']], [['one', 'two', 'three']]])(
  'results %j for two items fail both, as nobody knows whose is whose',
  async (results) => {
    const call = gather({ work: () => Promise.resolve(results), maxItems: 10 });
    for (const outcome of await Promise.allSettled([call(1), call(2)])) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { message: `a batch of 2 items came back with ${results.length} results` },
      });
    }
  },
);

test('several batches run at once where that is asked for, and no more than asked', async () => {
  const { started, work } = batches();
  const call = gather({ work, maxItems: 1, concurrency: 2 });
  const results = Promise.all([1, 2, 3].map((item) => call(item)));
  await turn();
  expect(started.map(({ items }) => items)).toEqual([[1], [2]]);
  started[1]?.finish();
  await turn();
  expect(started.map(({ items }) => items)).toEqual([[1], [2], [3]]);
  started[0]?.finish();
  started[2]?.finish();
  expect(await results).toEqual(['done 1', 'done 2', 'done 3']);
});

test('however calls arrive, each gets its own result, in batches that are in order and not too large', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ gapTurns: fc.nat(3), workTurns: fc.nat(3), fails: fc.boolean() }), {
        maxLength: 40,
      }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 3 }),
      fc.record({ lingerMs: fc.nat(1), apartMs: fc.nat(2), enough: fc.integer({ min: 1, max: 5 }) }),
      async (arrivals, maxItems, concurrency, waits) => {
        const seen: number[] = [];
        let running = 0;
        const call = gather({
          ...waits,
          maxItems,
          concurrency,
          work: async (items: number[]) => {
            running += 1;
            expect(running).toBeLessThanOrEqual(concurrency);
            expect(items.length).toBeLessThanOrEqual(maxItems);
            seen.push(...items);
            const first = arrivals[items[0]!]!;
            for (let left = first.workTurns; left > 0; left -= 1) await turn();
            running -= 1;
            if (first.fails) throw new Error(`batch of ${items.join()}`);
            return items.map((item) => `result of ${item}`);
          },
        });
        const calls: Promise<string>[] = [];
        for (const [item, { gapTurns }] of arrivals.entries()) {
          for (let left = gapTurns; left > 0; left -= 1) await turn();
          const result = call(item);
          result.catch(() => undefined);
          calls.push(result);
        }
        for (const [item, outcome] of (await Promise.allSettled(calls)).entries()) {
          if (outcome.status === 'fulfilled') expect(outcome.value).toBe(`result of ${item}`);
          else expect(String(outcome.reason).split(/\D+/)).toContain(String(item));
        }
        expect(seen).toEqual(arrivals.map((_, item) => item));
      },
    ),
  );
});

test('beyond what may wait calls are refused at once, and those that wait are done', async () => {
  const { started, work } = batches();
  const call = gather({ work, maxItems: 1, maxWaiting: 2 });
  const taken = [call(1)];
  await turn();
  taken.push(call(2), call(3));
  await expect(call(4)).rejects.toBeInstanceOf(QueueFull);
  for (const index of [0, 1, 2]) {
    started[index]?.finish();
    await turn();
  }
  expect(await Promise.all(taken)).toEqual(['done 1', 'done 2', 'done 3']);
  const later = call(5);
  await turn();
  started[3]?.finish();
  expect(await later).toBe('done 5');
});

describe('batches that wait for others', () => {
  const NEVER_MS = 60_000;
  // Turns of the event loop are real, and time passes as the tests say.
  beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
  afterEach(() => jest.useRealTimers());
  async function pass(ms: number): Promise<void> {
    jest.advanceTimersByTime(ms);
    await turn();
  }

  /** Items of the batches that were begun; each is done at once. */
  function gathering(options: {
    lingerMs?: number;
    apartMs?: number;
    enough?: number;
    concurrency?: number;
  }) {
    const begun: number[][] = [];
    const call = gather({
      ...options,
      maxItems: 10,
      work: (items: number[]) => {
        begun.push(items);
        return Promise.resolve(items);
      },
    });
    const all = (...items: number[]) => Promise.all(items.map((item) => call(item)));
    return { begun, all };
  }

  test('calls that come while the first one lingers share its batch', async () => {
    const { begun, all } = gathering({ lingerMs: 50 });
    const first = all(1);
    await turn();
    await pass(49);
    const second = all(2);
    await turn();
    expect(begun).toEqual([]);
    await pass(1);
    await Promise.all([first, second]);
    expect(begun).toEqual([[1, 2]]);
  });

  test('whoever comes while a batch is at work lingers as well', async () => {
    const { started, work } = batches();
    const call = gather({ work, maxItems: 10, lingerMs: 50 });
    const results = [call(1)];
    await turn();
    await pass(50);
    results.push(call(2));
    await turn();
    await pass(20);
    started[0]?.finish();
    await turn();
    await pass(29);
    expect(started.map(({ items }) => items)).toEqual([[1]]);
    await pass(1);
    expect(started.map(({ items }) => items)).toEqual([[1], [2]]);
    started[1]?.finish();
    await Promise.all(results);
  });

  test('as soon as there are enough nobody lingers', async () => {
    const { begun, all } = gathering({ lingerMs: NEVER_MS, enough: 2 });
    await all(1, 2);
    expect(begun).toEqual([[1, 2]]);
  });

  test.each([1, 2])('after a batch of several the next one waits, with %i at once', async (concurrency) => {
    const { begun, all } = gathering({ apartMs: 50, concurrency });
    await all(1, 2, 3);
    const fourth = all(4);
    await turn();
    await pass(49);
    const fifth = all(5);
    await turn();
    expect(begun).toEqual([[1, 2, 3]]);
    await pass(1);
    await Promise.all([fourth, fifth]);
    expect(begun).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  test.each([
    ['an eighth of the time is theirs', 10, 10, 80],
    ['but no further than five times what was asked for', 10, 100, 250],
    ['nor less than that', 10, 2, 50],
    ['nor further than half as many times as there are items', 4, 40, 100],
    ['so with two as if they took little', 2, 40, 50],
    ['and those of more than are enough as if they were no larger than that', 10, 20, 80, 5],
  ])('the longer batches take, the further they are apart: %s', async (...row) => {
    const [, items, takesMs, betweenMs, enough = 10] = row;
    const { started, work } = batches();
    const call = gather({ work, maxItems: 10, apartMs: 50, enough });
    async function batch(): Promise<void> {
      for (let item = 0; item < items; item += 1) void call(item);
      await turn();
      await pass(takesMs);
      started.at(-1)?.finish();
      await turn();
    }
    // What the next one takes is expected by those before it, so it needs some.
    for (let times = 0; times < 30; times += 1) {
      await batch();
      await pass(250);
    }
    await batch();
    await pass(4);
    void call(11);
    await turn();
    await pass(betweenMs - takesMs - 4 - 1);
    expect(started).toHaveLength(31);
    await pass(1);
    expect(started).toHaveLength(32);
  });

  test('after a batch of one nobody waits', async () => {
    const { begun, all } = gathering({ apartMs: NEVER_MS });
    for (const item of [1, 2, 3]) await all(item);
    expect(begun).toEqual([[1], [2], [3]]);
  });

  test('as soon as there are enough they wait for no more', async () => {
    const { begun, all } = gathering({ apartMs: NEVER_MS, enough: 3 });
    await all(1, 2, 3, 4);
    const fifth = all(5);
    await turn();
    await Promise.all([fifth, all(6, 7)]);
    expect(begun).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7],
    ]);
  });

  test('those that do not fit into one are the next, which begins at once if they are enough', async () => {
    const { begun, all } = gathering({ apartMs: NEVER_MS, enough: 2 });
    await all(...Array.from({ length: 14 }, (_, item) => item));
    expect(begun.map((items) => items.length)).toEqual([10, 4]);
  });

  test('where all who were answered call again at once, nobody else is waited for', async () => {
    const { begun, all } = gathering({ apartMs: NEVER_MS });
    for (let round = 0; round < 3; round += 1) await all(1, 2, 3);
    expect(begun).toHaveLength(3);
  });

  test('whoever calls later is not one of those', async () => {
    const { begun, all } = gathering({ apartMs: 50 });
    await all(1, 2);
    await pass(10);
    const later = all(3, 4);
    await turn();
    expect(begun).toEqual([[1, 2]]);
    await pass(40);
    await later;
    expect(begun).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('a call that waited too long behind a stuck batch is refused and not done, and later ones are', async () => {
    const { started, work } = batches();
    const call = gather({ work, maxItems: 1, maxWaitMs: 50 });
    const results = [call(1), call(2)];
    const refused = expect(results[1]).rejects.toThrow(QueueFull);
    await turn();
    await pass(51);
    results.push(call(3));
    started[0]?.finish();
    await refused;
    await turn();
    expect(started.map(({ items }) => items)).toEqual([[1], [3]]);
    started[1]?.finish();
    expect([await results[0], await results[2]]).toEqual(['done 1', 'done 3']);
  });
});
