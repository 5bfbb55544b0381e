import { RETRY_STEPS, type RetryStep } from '@payfan/contracts';
import type { SendResult } from './provider.ts';

/** Why a delivery was given up. */
export type DeadReason = 'rejected' | 'exhausted' | 'delivery_limit';

/** What follows from an attempt. */
export type Decision =
  { kind: 'sent'; reference: string | null } | Retry | { kind: 'dead'; reason: DeadReason; error: string };

/** Another attempt after a wait at a step. */
export interface Retry {
  kind: 'retry';
  step: RetryStep;
  waitMs: number;
  error: string;
}

/**
 * Decides what follows from a result. An attempt that may work later waits at the step that its number
 * leads to, or a longer one if the provider asked for more time; after the last step it is given up.
 *
 * @param earlierAttempts 0 for the first
 * @param dice in [0, 1): by how much less than the step's delay it waits, as `waitAtStepMs` has it
 */
export function decide(result: SendResult, earlierAttempts: number, dice: number): Decision {
  if (result.kind === 'sent') return result;
  const { error } = result;
  if (result.kind === 'rejected') return { kind: 'dead', reason: 'rejected', error };
  const wantedMs = result.kind === 'failed' ? (result.retryAfterMs ?? 0) : 0;
  const later = RETRY_STEPS.slice(earlierAttempts);
  // A provider may ask for more than our longest delay: then the longest, rather than giving up.
  const step = later.find(({ delayMs }) => delayMs >= wantedMs) ?? later.at(-1);
  if (step === undefined) return { kind: 'dead', reason: 'exhausted', error };
  return { kind: 'retry', step, waitMs: waitAtStepMs({ step, wantedMs, dice }), error };
}

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
