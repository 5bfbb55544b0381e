import { RETRY_STEPS } from '@payfan/contracts';
import fc from 'fast-check';
import { decide, waitAtStepMs, type Circumstances } from './policy.ts';
import type { SendResult } from './provider.ts';

const failed = (retryAfterMs?: number): SendResult => ({
  kind: 'failed',
  error: '503',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

const HOUR_MS = 3_600_000;
/** A fresh message on a lane that is not paused. */
const usually: Circumstances = {
  earlierAttempts: 0,
  uncertain: false,
  isPaused: false,
  ageMs: 0,
  giveUpAfterMs: 24 * HOUR_MS,
  dice: 0,
};
const old = { ageMs: 24 * HOUR_MS };
const unknown: SendResult = { kind: 'unknown', error: 'no answer' };
const refusal: SendResult = { kind: 'failed', error: '535', refusesUs: true };

test.each<[SendResult, Partial<Circumstances>, object]>([
  [{ kind: 'sent', reference: 'x' }, {}, { kind: 'sent', reference: 'x' }],
  [{ kind: 'rejected', error: '550' }, {}, { kind: 'dead', reason: 'rejected', error: '550' }],
  [{ kind: 'rejected', error: '550' }, { isPaused: true }, { kind: 'dead', reason: 'rejected' }],
  [failed(), {}, { kind: 'retry', step: RETRY_STEPS[0], waitMs: 5_000 }],
  [failed(), { earlierAttempts: 4 }, { kind: 'retry', step: RETRY_STEPS[4] }],
  [failed(), { earlierAttempts: 5 }, { kind: 'retry', step: RETRY_STEPS[4], waitMs: HOUR_MS }],
  [failed(), { earlierAttempts: 400 }, { kind: 'retry', step: RETRY_STEPS[4] }],
  [failed(), { earlierAttempts: 5, ...old }, { kind: 'dead', reason: 'exhausted', error: '503' }],
  [failed(), { earlierAttempts: 4, ...old }, { kind: 'retry', step: RETRY_STEPS[4] }],
  [failed(6_000), {}, { kind: 'retry', step: RETRY_STEPS[1], waitMs: 30_000 }],
  [failed(5_000), {}, { kind: 'retry', step: RETRY_STEPS[0] }],
  [failed(24 * HOUR_MS), {}, { kind: 'retry', step: RETRY_STEPS[4] }],
  [failed(24 * HOUR_MS), { earlierAttempts: 9 }, { kind: 'retry', step: RETRY_STEPS[4] }],
  [unknown, { earlierAttempts: 1, uncertain: true }, { kind: 'retry', step: RETRY_STEPS[1] }],
  [unknown, { earlierAttempts: 5, uncertain: true }, { kind: 'retry', step: RETRY_STEPS[4] }],
  [unknown, { earlierAttempts: 5, uncertain: true, ...old }, { kind: 'dead', reason: 'exhausted' }],
  [failed(), { isPaused: true }, { kind: 'held', error: '503' }],
  [failed(), { isPaused: true, earlierAttempts: 9 }, { kind: 'held' }],
  [failed(), { isPaused: true, uncertain: true }, { kind: 'retry', step: RETRY_STEPS[0] }],
  [unknown, { isPaused: true, uncertain: true }, { kind: 'retry', step: RETRY_STEPS[0] }],
  [failed(), { isPaused: true, ...old }, { kind: 'retry', step: RETRY_STEPS[0] }],
  [failed(), { isPaused: true, earlierAttempts: 5, ...old }, { kind: 'dead', reason: 'exhausted' }],
  [refusal, {}, { kind: 'retry', step: RETRY_STEPS[0] }],
  [refusal, { isPaused: true }, { kind: 'held', error: '535' }],
  [refusal, { earlierAttempts: 20 }, { kind: 'retry', step: RETRY_STEPS[4] }],
])('%j where %j leads to %j', (result, circumstances, decision) => {
  expect(decide(result, { ...usually, ...circumstances })).toMatchObject(decision);
});

test('what may work later is a dead letter only after the last step and when it is too old', () => {
  const result = fc.oneof(
    fc.constant(unknown),
    fc.nat(100_000).map((ms) => failed(ms)),
  );
  fc.assert(
    fc.property(result, fc.nat(40), fc.nat(48), fc.boolean(), (outcome, earlierAttempts, hours, isPaused) => {
      const ageMs = hours * HOUR_MS;
      const uncertain = outcome.kind === 'unknown';
      const decision = decide(outcome, { ...usually, earlierAttempts, uncertain, isPaused, ageMs });
      expect(decision.kind === 'dead').toBe(earlierAttempts >= RETRY_STEPS.length && hours >= 24);
      if (decision.kind !== 'retry') return;
      const earliest = RETRY_STEPS[Math.min(earlierAttempts, RETRY_STEPS.length - 1)]!;
      expect(decision.step.delayMs).toBeGreaterThanOrEqual(earliest.delayMs);
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
