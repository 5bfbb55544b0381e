import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Ring } from './ring.ts';

type Step = { readonly push: number } | 'shift' | 'remove' | 'clear';

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ push: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.constant<Step>('shift') },
    { weight: 1, arbitrary: fc.constant<Step>('remove') },
    { weight: 1, arbitrary: fc.constant<Step>('clear') },
  ),
);

test('is an array that loses its oldest at the limit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (max, wanted) => {
      const ring = new Ring<number>(max);
      let model: number[] = [];
      for (const step of wanted) {
        if (typeof step === 'object') {
          expect(ring.push(step.push)).toBe(model.length === max ? model.shift() : undefined);
          model.push(step.push);
        } else if (step === 'shift') {
          expect(ring.shift()).toBe(model.shift());
        } else if (step === 'remove') {
          ring.remove(3);
          model = model.filter((item) => item !== 3);
        } else {
          ring.clear();
          model = [];
        }
        expect(ring.length).toBe(model.length);
        expect([...ring.newestFirst()]).toEqual([...model].reverse());
        expect([-1, 0, 1, 4, 5].map((index) => ring.at(index))).toEqual(
          [-1, 0, 1, 4, 5].map((index) => (index < 0 ? undefined : model[index])),
        );
      }
    }),
  );
});

test('does not keep alive what was taken out', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const ring = new Ring<object>(100);
  const taken = (() => {
    const thing = { mail: 'large' };
    ring.push(thing);
    ring.shift();
    return new WeakRef(thing);
  })();
  // What a turn has touched through a WeakRef lives until its end.
  await new Promise(setImmediate);
  collectGarbage();
  expect(taken.deref()).toBeUndefined();
  expect(ring.length).toBe(0);
});

test.each([0, -1, 1.5, NaN])('a ring of %s is a mistake', (max) => {
  expect(() => new Ring(max)).toThrow(RangeError);
});
