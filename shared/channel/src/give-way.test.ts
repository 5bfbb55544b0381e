import { giveWay, PeopleFirst } from './give-way.ts';

const share = 1;

test('bulk goes in small batches, and each message has its own outcome', async () => {
  let inHand = 0;
  let most = 0;
  const bulk = giveWay({ people: new PeopleFirst(), share }, async (n: number) => {
    inHand += 1;
    most = Math.max(most, inHand);
    await new Promise(setImmediate);
    inHand -= 1;
    if (n === 7) throw new Error('the seventh');
  });
  const outcomes = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => bulk(n)));
  expect(most).toBe(4);
  expect(outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([7]);
});

test('bulk begins when no alert of a person is in hand', async () => {
  const people = new PeopleFirst();
  const order: string[] = [];
  let finish: () => void = () => undefined;
  const alert = people.first(() => new Promise<void>((resolve) => (finish = resolve)));
  const bulk = giveWay({ people, share }, (what: string) => {
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
  const bulk = giveWay({ people, share }, () => {
    done += 1;
    return Promise.resolve();
  });
  await Promise.all([bulk('one'), bulk('two')]);
  expect(done).toBe(2);
});

test('an alert that fails is no longer in hand', async () => {
  const people = new PeopleFirst();
  await expect(people.first(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(people.noneInHand()).resolves.toBeUndefined();
});
