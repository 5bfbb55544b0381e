import { failsNow, isRejected } from './behaviour.ts';
import type { AttemptLog } from './attempts.ts';
import type { Dial, SmsBehaviour } from './behaviour.ts';
import type { Sms, SmsStore } from './sms-store.ts';

/** What the gateway does with one request to send; `status` is the HTTP status that says so. */
export type SmsVerdict =
  | { readonly outcome: 'stored'; readonly status: 201; readonly message: Sms }
  | { readonly outcome: 'repeated'; readonly status: 200; readonly message: Sms }
  | { readonly outcome: 'hung'; readonly status: null; readonly message: Sms; readonly hang: number | true }
  | { readonly outcome: 'rejected'; readonly status: 422 }
  | { readonly outcome: 'failed'; readonly status: 503 }
  | { readonly outcome: 'throttled'; readonly status: 429; readonly retryAfterSeconds: number }
  | { readonly outcome: 'conflict'; readonly status: 409 };

export interface SmsGatewayOptions {
  readonly store: SmsStore;
  readonly attempts: AttemptLog;
  readonly behaviour: Dial<SmsBehaviour>;
  readonly random: () => number;
}

export type SmsGateway = ReturnType<typeof createSmsGateway>;

/** The rules of the gateway, without HTTP. */
export function createSmsGateway({ store, attempts, behaviour, random }: SmsGatewayOptions) {
  const judge = (request: Pick<Sms, 'reference' | 'to' | 'body'>): SmsVerdict => {
    const { current } = behaviour;
    if (isRejected(current, request.to)) return { outcome: 'rejected', status: 422 };
    if (failsNow(current, random)) {
      return current.retryAfterSeconds === null
        ? { outcome: 'failed', status: 503 }
        : { outcome: 'throttled', status: 429, retryAfterSeconds: current.retryAfterSeconds };
    }
    const { kind, message } = store.accept(request);
    if (kind === 'conflict') return { outcome: 'conflict', status: 409 };
    if (current.hang !== false) return { outcome: 'hung', status: null, message, hang: current.hang };
    return kind === 'stored'
      ? { outcome: 'stored', status: 201, message }
      : { outcome: 'repeated', status: 200, message };
  };

  return {
    /** Decides, stores and logs in one step: what the log says has happened, even if the client dies before the answer. */
    receive(request: Pick<Sms, 'reference' | 'to' | 'body'>): SmsVerdict {
      const verdict = judge(request);
      const { reference, to } = request;
      attempts.record({ reference, to, outcome: verdict.outcome, status: verdict.status });
      return verdict;
    },
    /** Logs a request that could not be read. */
    receiveInvalid(): void {
      attempts.record({ reference: '', to: '', outcome: 'invalid', status: 400 });
    },
  };
}
