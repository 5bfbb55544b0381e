import { giveWay, inSmallSteps, PeopleFirst } from './give-way.ts';

const share = 1;
const stopping = new AbortController().signal;

test('bulk goes in batches, and each message has its own outcome', async () => {
  let inHand = 0;
  let most = 0;
  const bulk = giveWay({ people: new PeopleFirst(), share, stopping }, async (n: number) => {
    inHand += 1;
    most = Math.max(most, inHand);
    await new Promise(setImmediate);
    inHand -= 1;
    if (n === 7) throw new Error('the seventh');
  });
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => bulk(n)));
  expect(most).toBe(16);
  expect(outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([7]);
});

test('bulk begins when no alert of a person is in hand', async () => {
  const people = new PeopleFirst();
  const order: string[] = [];
  let finish: () => void = () => undefined;
  const alert = people.first(() => new Promise<void>((resolve) => (finish = resolve)));
  const bulk = giveWay({ people, share, stopping }, (what: string) => {
    order.push(what);
    return Promise.resolve();
  })('bulk');
  await new Promise(setImmediate);
  order.push('alert');
  finish();
  await Promise.all([alert, bulk]);
  expect(order).toEqual(['alert', 'bulk']);
});

test('an alert that is long in hand holds bulk up for a moment only', async () => {
  const people = new PeopleFirst();
  void people.first(() => new Promise<void>(() => undefined));
  let done = 0;
  const bulk = giveWay({ people, share, stopping }, () => {
    done += 1;
    return Promise.resolve();
  });
  await Promise.all([bulk('one'), bulk('two')]);
  expect(done).toBe(2);
});

test('a process that is to end finishes what it has without rest', async () => {
  const stop = new AbortController();
  // So small that a batch would be followed by hours of rest.
  const bulk = giveWay({ people: new PeopleFirst(), share: 1e-9, stopping: stop.signal }, () =>
    Promise.resolve(),
  );
  const all = Promise.all(Array.from({ length: 50 }, () => bulk('bulk')));
  await new Promise(setImmediate);
  stop.abort();
  await expect(all).resolves.toHaveLength(50);
});

test('an alert that fails is no longer in hand', async () => {
  const people = new PeopleFirst();
  await expect(people.first(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(people.noneInHand()).resolves.toBeUndefined();
});

describe('in small steps', () => {
  test('alerts are handed over a few at a time, none waiting for what comes of those before', async () => {
    const handOver = inSmallSteps(new PeopleFirst());
    const begun: number[] = [];
    const answers: (() => void)[] = [];
    const all = Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        handOver(async () => {
          begun.push(n);
          await new Promise<void>((resolve) => answers.push(resolve));
          return n;
        }),
      ),
    );
    const counts = new Set<number>();
    while (begun.length < 10) {
      await new Promise(setImmediate);
      counts.add(begun.length);
    }
    for (const count of [4, 8]) expect(counts).toContain(count);
    for (const answer of answers) answer();
    expect(await all).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('a person’s alert that comes in between goes before the next few', async () => {
    const people = new PeopleFirst();
    const handOver = inSmallSteps(people);
    const order: string[] = [];
    const bulk = Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        handOver(() => {
          order.push(`bulk ${n}`);
          return Promise.resolve();
        }),
      ),
    );
    while (order.length < 4) await new Promise(setImmediate);
    const alert = people.first(async () => {
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      order.push('alert');
    });
    await Promise.all([bulk, alert]);
    expect(order.indexOf('alert')).toBe(4);
  });

  test('what fails fails for its own alert only', async () => {
    const handOver = inSmallSteps(new PeopleFirst());
    const outcomes = await Promise.allSettled([
      handOver(() => Promise.reject(new Error('no'))),
      handOver(() => Promise.resolve('yes')),
    ]);
    expect(outcomes).toMatchObject([{ reason: new Error('no') }, { value: 'yes' }]);
  });
});
