import { RETRY_STEPS, type RetryStep } from '@payfan/contracts';
import type { SendResult } from './provider.ts';

/** Why a delivery was given up. */
export type DeadReason = 'rejected' | 'exhausted' | 'delivery_limit';

/** What follows from an attempt. */
export type Decision =
  | { kind: 'sent'; reference: string | null }
  | Retry
  | { kind: 'held'; error: string }
  | { kind: 'dead'; reason: DeadReason; error: string };

/** Another attempt after a wait at a step. */
export interface Retry {
  kind: 'retry';
  step: RetryStep;
  waitMs: number;
  error: string;
}

/** What a decision depends on beside the result. */
export interface Circumstances {
  /** Attempts before this one that ended in a wait at a step; 0 for the first. */
  earlierAttempts: number;
  /** An earlier attempt, or this one, may have been accepted. */
  uncertain: boolean;
  /** Every provider of the lane is failing. */
  isPaused: boolean;
  /** Since the commit. */
  ageMs: number;
  /** Age from which on a failure after the last step is final. */
  giveUpAfterMs: number;
  /** Uniform in [0, 1): by how much less than the step's delay it waits, as `waitAtStepMs` has it. */
  dice: number;
}

/**
 * Decides what follows from a result. While every provider fails, a message that was certainly not accepted is held: the
 * failure is not its own. Otherwise an attempt that may work later waits at the step that its number leads to, or a
 * longer one if the provider asked for more time. After the last step it waits there again, until it is too old.
 */
export function decide(
  result: SendResult,
  { earlierAttempts, uncertain, isPaused, ageMs, giveUpAfterMs, dice }: Circumstances,
): Decision {
  if (result.kind === 'sent') return result;
  const { error } = result;
  if (result.kind === 'rejected') return { kind: 'dead', reason: 'rejected', error };
  const isTooOld = ageMs >= giveUpAfterMs;
  // What may have been accepted is not held: each further test with it could send it once more.
  if (isPaused && !uncertain && !isTooOld) return { kind: 'held', error };
  if (isTooOld && earlierAttempts >= RETRY_STEPS.length) return { kind: 'dead', reason: 'exhausted', error };
  const wantedMs = result.kind === 'failed' ? (result.retryAfterMs ?? 0) : 0;
  const later = RETRY_STEPS.slice(earlierAttempts);
  // A provider may ask for more than our longest delay: then the longest, rather than giving up.
  const step = later.find(({ delayMs }) => delayMs >= wantedMs) ?? LAST_STEP;
  return { kind: 'retry', step, waitMs: waitAtStepMs({ step, wantedMs, dice }), error };
}

const LAST_STEP = RETRY_STEPS.at(-1) ?? RETRY_STEPS[0];

/**
 * How long a copy waits at a step: up to a fifth less than its delay, so that what failed together does
 * not come back together, but not less than the provider asked for. It must not be more than the delay: the
 * queue's own TTL would cut it. The spread is also the longest that a message can wait behind another in the
 * same queue.
 *
 * @param wantedMs what the provider asked for, 0 if nothing
 * @param dice uniform in [0, 1)
 */
export function waitAtStepMs({
  step: { delayMs },
  wantedMs,
  dice,
}: {
  step: RetryStep;
  wantedMs: number;
  dice: number;
}): number {
  return Math.min(delayMs, Math.max(wantedMs, Math.round(delayMs * (1 - 0.2 * dice))));
}
