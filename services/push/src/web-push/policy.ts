import { backoffMs } from '@payfan/messaging';

/** What became of handing a message to a push service. */
export type PushResult =
  | { kind: 'accepted' }
  /** The subscription is no more: 404 or 410. */
  | { kind: 'gone' }
  /** This message will never be taken. */
  | { kind: 'refused'; error: string }
  /** Not taken, or nobody knows, and it may work later; not before `retryAfterMs`, if the push service said so. */
  | { kind: 'failed'; error: string; retryAfterMs?: number }
  /** The push service refuses Payfan itself (its VAPID keys or its subject), which only the operator can mend. */
  | { kind: 'refuses_us'; error: string; retryAfterMs?: number }
  /** The message was not sent, because its push service is skipped until `retryAfterMs` have passed. */
  | { kind: 'skipped'; error: string; retryAfterMs: number };

/** What follows from it. Each but `retry` ends the job. */
export type PushDecision =
  | { kind: 'sent' }
  | { kind: 'forget' }
  | { kind: 'drop'; error: string }
  | { kind: 'give_up'; error: string }
  | { kind: 'retry'; error: string; delayMs: number };

/** After a day a payment is no news any more: neither we nor the push service keep trying. */
export const TTL_SECONDS = 24 * 60 * 60;
const BACKOFF = { firstMs: 2_000, longestMs: 10 * 60_000 };
/** A refusal of Payfan itself lasts until people have mended it. */
export const REFUSED_AGAIN_MS = 60 * 60_000;

/** How far a job is. */
export interface Progress {
  /** This one included. */
  attempts: number;
  ageSeconds: number;
}

/** Decides what follows. A push service that asks for a pause gets it, also if the job ends by that. */
export function decide(
  result: PushResult,
  { attempts, ageSeconds }: Progress,
  random: () => number,
): PushDecision {
  switch (result.kind) {
    case 'accepted':
      return { kind: 'sent' };
    case 'gone':
      return { kind: 'forget' };
    case 'refused':
      return { kind: 'drop', error: result.error };
    case 'failed':
    case 'skipped':
    case 'refuses_us': {
      const { kind, error, retryAfterMs = 0 } = result;
      const waitMs = kind === 'refuses_us' ? REFUSED_AGAIN_MS : backoffMs(attempts, BACKOFF, random);
      const delayMs = Math.max(waitMs, retryAfterMs);
      const tooLate = ageSeconds + delayMs / 1_000 >= TTL_SECONDS;
      return tooLate ? { kind: 'give_up', error } : { kind: 'retry', error, delayMs };
    }
  }
}

/** Statuses below 500 that are about the moment: RFC 9110 and RFC 8470; 406 is how Windows' push service throttles. */
const MAY_WORK_LATER = new Set([406, 408, 425, 429]);
/** RFC 8292, 4.2: the signature, its keys or its subject are wrong, which is no fault of the message. */
const REFUSES_US = new Set([401, 403]);

/** What an HTTP status of a push service means. RFC 8030, 5 and 7.3. */
export function resultOfStatus(status: number, error: string, retryAfterMs: number | undefined): PushResult {
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 404 || status === 410) return { kind: 'gone' };
  const later = { error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  if (REFUSES_US.has(status)) return { kind: 'refuses_us', ...later };
  if (status < 500 && !MAY_WORK_LATER.has(status)) return { kind: 'refused', error };
  return { kind: 'failed', ...later };
}
