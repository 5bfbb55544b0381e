import { RETRY_STEPS } from '@payfan/contracts';
import fc from 'fast-check';
import { decide, waitAtStepMs } from './policy.ts';
import type { SendResult } from './provider.ts';

const failed = (retryAfterMs?: number): SendResult => ({
  kind: 'failed',
  error: '503',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

test.each<[SendResult, number, object]>([
  [{ kind: 'sent', reference: 'x' }, 0, { kind: 'sent', reference: 'x' }],
  [{ kind: 'rejected', error: '550' }, 0, { kind: 'dead', reason: 'rejected', error: '550' }],
  [failed(), 0, { kind: 'retry', step: RETRY_STEPS[0], waitMs: 5_000 }],
  [failed(), 4, { kind: 'retry', step: RETRY_STEPS[4] }],
  [failed(), 5, { kind: 'dead', reason: 'exhausted', error: '503' }],
  [failed(6_000), 0, { kind: 'retry', step: RETRY_STEPS[1], waitMs: 30_000 }],
  [failed(5_000), 0, { kind: 'retry', step: RETRY_STEPS[0] }],
  [failed(86_400_000), 0, { kind: 'retry', step: RETRY_STEPS[4] }],
  [failed(86_400_000), 5, { kind: 'dead', reason: 'exhausted' }],
  [{ kind: 'unknown', error: 'no answer' }, 1, { kind: 'retry', step: RETRY_STEPS[1] }],
  [{ kind: 'unknown', error: 'no answer' }, 5, { kind: 'dead', reason: 'exhausted' }],
])('%j after %i earlier attempts leads to %j', (result, earlierAttempts, decision) => {
  expect(decide(result, earlierAttempts, 0)).toMatchObject(decision);
});

test('whatever is not settled at once is retried five times, each after a longer delay than the last', () => {
  const result = fc.oneof(
    fc.constant<SendResult>({ kind: 'unknown', error: 'e' }),
    fc.nat(100_000).map((ms) => failed(ms)),
  );
  fc.assert(
    fc.property(result, fc.nat(10), (outcome, earlier) => {
      const decision = decide(outcome, earlier, 0);
      expect(decision.kind).toBe(earlier < RETRY_STEPS.length ? 'retry' : 'dead');
      if (decision.kind === 'retry')
        expect(decision.step.delayMs).toBeGreaterThanOrEqual(RETRY_STEPS[earlier]!.delayMs);
    }),
  );
});

test('a copy waits no longer than its queue allows, and at least four fifths of it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...RETRY_STEPS),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (step, dice) => {
        const waitMs = waitAtStepMs({ step, wantedMs: 0, dice });
        expect(waitMs).toBeLessThanOrEqual(step.delayMs);
        expect(waitMs).toBeGreaterThanOrEqual(step.delayMs * 0.8);
      },
    ),
  );
});

test('a copy waits for as long as the provider asked, as far as its queue allows', () => {
  const [, step] = RETRY_STEPS;
  const dice = 0.999;
  expect(waitAtStepMs({ step, wantedMs: 29_000, dice })).toBe(29_000);
  expect(waitAtStepMs({ step, wantedMs: 1_000, dice })).toBe(24_006);
  expect(waitAtStepMs({ step, wantedMs: 86_400_000, dice })).toBe(30_000);
});
