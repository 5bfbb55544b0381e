import { decide, resultOfStatus, TTL_SECONDS, type PushResult } from './policy.ts';

const half = () => 0.5;
const failed: PushResult = { kind: 'failed', error: 'why' };

test.each([
  [200, 'accepted'],
  [201, 'accepted'],
  [202, 'accepted'],
  [301, 'refused'],
  [400, 'refused'],
  [401, 'refuses_us'],
  [403, 'refuses_us'],
  [404, 'gone'],
  [406, 'failed'],
  [408, 'failed'],
  [410, 'gone'],
  [413, 'refused'],
  [425, 'failed'],
  [429, 'failed'],
  [500, 'failed'],
  [503, 'failed'],
])('status %i is %s', (status, kind) => {
  expect(resultOfStatus(status, 'why', undefined).kind).toBe(kind);
});

test.each([
  [{ kind: 'accepted' }, { kind: 'sent' }],
  [{ kind: 'gone' }, { kind: 'forget' }],
  [
    { kind: 'refused', error: 'why' },
    { kind: 'drop', error: 'why' },
  ],
] as const)('%j is the end: %j', (result, decision) => {
  expect(decide(result, { attempts: 1, ageSeconds: 0 }, half)).toEqual(decision);
});

test.each([
  [1, 1_500],
  [2, 3_000],
  [3, 6_000],
  [20, 450_000],
])('after failure %i the next attempt is in some %i ms', (attempts, delayMs) => {
  expect(decide(failed, { attempts, ageSeconds: 0 }, half)).toEqual({ kind: 'retry', error: 'why', delayMs });
});

test.each([401, 403])(
  'after %i, which is a mistake of ours, the message is kept and tried each hour',
  (status) => {
    const refusal = resultOfStatus(status, 'BadJwtToken', undefined);
    for (const attempts of [1, 20]) {
      expect(decide(refusal, { attempts, ageSeconds: 3_600 }, half)).toEqual({
        kind: 'retry',
        error: 'BadJwtToken',
        delayMs: 3_600_000,
      });
    }
    expect(decide(refusal, { attempts: 24, ageSeconds: TTL_SECONDS - 3_600 }, half).kind).toBe('give_up');
  },
);

test.each([406, 429])(
  'a pause that the push service asks for with %i is kept, where it is longer',
  (status) => {
    const asking = resultOfStatus(status, 'busy', 60_000);
    expect(decide(asking, { attempts: 1, ageSeconds: 0 }, half)).toMatchObject({ delayMs: 60_000 });
    expect(decide(asking, { attempts: 20, ageSeconds: 0 }, half)).toMatchObject({ delayMs: 450_000 });
  },
);

test('a notification that was not delivered within a day is given up', () => {
  expect(decide(failed, { attempts: 1, ageSeconds: TTL_SECONDS - 2 }, half)).toMatchObject({ kind: 'retry' });
  expect(decide(failed, { attempts: 1, ageSeconds: TTL_SECONDS - 1 }, half)).toEqual({
    kind: 'give_up',
    error: 'why',
  });
  const patient = { ...failed, retryAfterMs: TTL_SECONDS * 1_000 };
  expect(decide(patient, { attempts: 1, ageSeconds: 10 }, half)).toMatchObject({ kind: 'give_up' });
});
