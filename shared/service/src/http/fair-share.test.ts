import fc from 'fast-check';
import { FairShare } from './fair-share.ts';

/** Takes one by one until nothing more is given; returns how many it got, and why it got no more. */
function takeAll(share: FairShare, owner: string) {
  for (let taken = 0; ; taken += 1) {
    const shortage = share.take(owner, 1);
    if (shortage !== undefined) return { taken, shortage };
  }
}

test('the more is in use, the smaller is the share of each owner', () => {
  const share = new FairShare(16, 1 / 4);
  expect(['a', 'b', 'c', 'd'].map((owner) => takeAll(share, owner))).toEqual([
    { taken: 4, shortage: 'owner' },
    { taken: 3, shortage: 'owner' },
    { taken: 2, shortage: 'owner' },
    { taken: 2, shortage: 'owner' },
  ]);
  expect(['e', 'f', 'g', 'h', 'i', 'j'].map((owner) => takeAll(share, owner))).toEqual([
    ...Array.from({ length: 4 }, () => ({ taken: 1, shortage: 'owner' })),
    { taken: 1, shortage: 'all' },
    { taken: 0, shortage: 'all' },
  ]);
});

test('what is given back may be taken again', () => {
  const share = new FairShare(16, 1 / 4);
  takeAll(share, 'a');
  share.giveBack('a', 1);
  expect(takeAll(share, 'a').taken).toBe(1);
  share.giveBack('a', 4);
  expect(takeAll(share, 'b').taken).toBe(4);
});

test('whatever owners ask for, the capacity holds, and an owner without anything finds room while there is any', () => {
  const asked = fc.record({
    owner: fc.constantFrom('a', 'b', 'c'),
    amount: fc.integer({ min: 1, max: 40 }),
    givesBack: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 200 }), (steps) => {
      const share = new FairShare(100, 1 / 2);
      const held: Record<string, number[]> = { a: [], b: [], c: [] };
      const used = () =>
        Object.values(held)
          .flat()
          .reduce((sum, amount) => sum + amount, 0);
      for (const { owner, amount, givesBack } of steps) {
        const own = held[owner]!;
        const back = givesBack ? own.pop() : undefined;
        if (back !== undefined) share.giveBack(owner, back);
        const hasRoom = used() + amount <= 100;
        const shortage = share.take(owner, amount);
        if (!hasRoom) expect(shortage).toBe('all');
        else if (own.length === 0) expect(shortage).toBeUndefined();
        if (shortage === undefined) own.push(amount);
        expect(used()).toBeLessThanOrEqual(100);
      }
    }),
  );
});
