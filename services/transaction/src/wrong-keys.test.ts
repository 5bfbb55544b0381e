import type { Limit } from './limits.ts';
import { WrongKeys } from './wrong-keys.ts';

const limit: Limit = { name: 'wrong_keys', count: 3, seconds: 60, burst: 3, detail: '' };
const OWNER = { kind: 'account', accountId: 'a', tier: 'free' } as const;

/** A guard over a bucket of three that never regains a unit, and what is looked up through it. */
function guarded() {
  let left = 3;
  let nowMs = 0;
  const looked: string[] = [];
  const take = async () => {
    await new Promise(setImmediate);
    left -= 1;
    return left < 0 ? { limit, waitSeconds: 20 } : undefined;
  };
  const guard = new WrongKeys({ limit, limiter: { take }, nowMs: () => nowMs });
  return {
    looked,
    wait: (seconds: number) => (nowMs += seconds * 1_000),
    ask: (key: string, address = '192.0.2.7') =>
      guard
        .lookUp(address, key, async () => {
          looked.push(key);
          await new Promise(setImmediate);
          return key.startsWith('good') ? OWNER : undefined;
        })
        .then(
          (principal) => (principal === undefined ? 401 : 200),
          (error: unknown) => (error as { status: number }).status,
        ),
  };
}

test('many guesses at once are looked up no more often than the limit allows', async () => {
  const { ask, looked } = guarded();
  const statuses = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(`bad ${n}`)));
  expect(statuses.filter((status) => status === 401)).toHaveLength(3);
  expect(statuses.filter((status) => status === 429)).toHaveLength(47);
  // The one whose look-up showed that the limit is exceeded.
  expect(looked).toHaveLength(4);
});

test('beyond the limit a key that was valid before goes on, and another one is not looked up', async () => {
  const { ask, looked } = guarded();
  expect(await ask('good old')).toBe(200);
  for (const n of [1, 2, 3, 4]) await ask(`bad ${n}`);
  looked.length = 0;
  expect([await ask('good old'), await ask('good new'), await ask('bad 5')]).toEqual([200, 429, 429]);
  expect(looked).toEqual(['good old']);
  expect(await ask('good new', '192.0.2.8')).toBe(200);
});

test('after the wait keys are looked up again', async () => {
  const { ask, wait } = guarded();
  for (const n of [1, 2, 3, 4]) await ask(`bad ${n}`);
  wait(19);
  expect(await ask('good')).toBe(429);
  wait(1);
  expect(await ask('good')).toBe(200);
});
