import { RoomForPeople } from './room-for-people.ts';

/** A clock that the test moves; `afterPeople` really waits, so rests are kept short. */
function world(share: number) {
  let nowMs = 0;
  const room = new RoomForPeople({ share, nowMs: () => nowMs });
  return { room, pass: (ms: number) => (nowMs += ms) };
}

test('while nobody is there, slices are as large as they may be and go side by side', async () => {
  const { room } = world(0.1);
  expect(room.sliceOf(256)).toBe(256);
  let inHand = 0;
  let most = 0;
  const slice = () =>
    room.afterPeople(async () => {
      most = Math.max(most, (inHand += 1));
      await new Promise(setImmediate);
      inHand -= 1;
    });
  await Promise.all([slice(), slice(), slice()]);
  expect(most).toBe(3);
});

test('while people are about, slices are small and go one after the other, in their order', async () => {
  const { room } = world(1);
  room.seen();
  expect([room.sliceOf(256), room.sliceOf(3)]).toEqual([5, 3]);
  const order: string[] = [];
  const slice = (name: string) =>
    room.afterPeople(async () => {
      order.push(`${name} begins`);
      await new Promise(setImmediate);
      order.push(`${name} ends`);
    });
  await Promise.all([slice('first'), slice('second')]);
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});

test('while people are about, a slice is followed by a rest of nine times as long at a tenth of the time', async () => {
  const startedMs = performance.now();
  const room = new RoomForPeople({ share: 0.1, nowMs: () => performance.now() - startedMs });
  room.seen();
  const tookMs = 5;
  const busy = () => {
    const untilMs = performance.now() + tookMs;
    while (performance.now() < untilMs);
    return Promise.resolve();
  };
  await room.afterPeople(busy);
  const endedMs = performance.now();
  await room.afterPeople(() => Promise.resolve());
  expect(performance.now() - endedMs).toBeGreaterThanOrEqual(9 * tookMs - 1);
});

test('a slice that fails passes its turn on, and tells', async () => {
  const { room } = world(1);
  room.seen();
  await expect(room.afterPeople(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(room.afterPeople(() => Promise.resolve('next'))).resolves.toBe('next');
});

test('a second after the last of them people are gone', () => {
  const { room, pass } = world(0.1);
  room.seen();
  pass(999);
  expect(room.sliceOf(256)).toBe(5);
  pass(1);
  expect(room.sliceOf(256)).toBe(256);
});
