import { decipher, Undecipherable } from './aes128gcm.ts';
import type { AttemptLog } from './attempts.ts';
import { failsNow, type Dial, type PushBehaviour } from './behaviour.ts';
import type { PushMessage, PushStore, PushSubscriber } from './push-store.ts';
import { whatIsWrongWith } from './vapid.ts';

/** A message as it comes over HTTP; what the sender left out is undefined. */
export interface PushRequest {
  readonly subscription: string;
  readonly authorization: string | undefined;
  readonly ttl: string | undefined;
  readonly urgency: string | undefined;
  readonly topic: string | undefined;
  readonly encoding: string | undefined;
  readonly body: Buffer;
}

interface Refusal {
  readonly outcome: 'rejected' | 'failed' | 'throttled' | 'invalid';
  readonly status: number;
  readonly detail: string;
  readonly retryAfterSeconds?: number;
}

/** What the push service does with one message; `status` is the HTTP status that says so. */
export type PushVerdict =
  | Refusal
  | { readonly outcome: 'stored' | 'repeated'; readonly status: 201; readonly message: PushMessage }
  | { readonly outcome: 'hung'; readonly status: null; readonly hang: number | true };

export interface PushServiceOptions {
  readonly store: PushStore;
  readonly attempts: AttemptLog;
  readonly behaviour: Dial<PushBehaviour>;
  /** Of its endpoints: what tokens must be made for. */
  readonly origin: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
}

export type PushService = ReturnType<typeof createPushService>;

/** RFC 8030, 7.2: a push service takes at least so much, and no usual one takes more. */
export const MAX_BODY_BYTES = 4_096;

/** The rules of a push service, and of the browser behind it, without HTTP. */
export function createPushService(options: PushServiceOptions) {
  const { store, attempts, behaviour, random } = options;

  const judge = (request: PushRequest): PushVerdict => {
    const { current } = behaviour;
    const subscriber = store.find(request.subscription);
    if (subscriber === undefined) return rejected(404, 'There never was such a subscription.');
    if (!subscriber.active) return rejected(410, 'The subscription is gone.');
    if (current.reject !== false) return rejected(current.reject, 'Asked for by reject.');
    if (failsNow(current, random)) return refusedForNow(current.retryAfterSeconds);
    const wrong = whatIsWrong(request, subscriber, options);
    if (wrong !== undefined) return wrong;
    const payload = deciphered(request.body, subscriber);
    if (payload === undefined) return invalid(400, 'No browser could decipher this message.');
    const { kind, message } = store.accept({
      subscription: request.subscription,
      topic: request.topic ?? null,
      urgency: request.urgency ?? 'normal',
      ttlSeconds: Number(request.ttl),
      payload,
    });
    if (current.hang !== false) return { outcome: 'hung', status: null, hang: current.hang };
    return { outcome: kind, status: 201, message };
  };

  return {
    /** Decides, stores and logs in one step: what the log says has happened, even if the client dies before the answer. */
    receive(request: PushRequest): PushVerdict {
      const verdict = judge(request);
      const { topic = '', subscription } = request;
      attempts.record({
        reference: topic,
        to: subscription,
        outcome: verdict.outcome,
        status: verdict.status,
      });
      return verdict;
    },
  };
}

const rejected = (status: number, detail: string): Refusal => ({ outcome: 'rejected', status, detail });
const invalid = (status: number, detail: string): Refusal => ({ outcome: 'invalid', status, detail });

function refusedForNow(retryAfterSeconds: number | null): Refusal {
  const detail = 'Asked for by failRate: try again later.';
  return retryAfterSeconds === null
    ? { outcome: 'failed', status: 503, detail }
    : { outcome: 'throttled', status: 429, detail, retryAfterSeconds };
}

function whatIsWrong(
  { authorization, ttl, urgency, topic, encoding, body }: PushRequest,
  { applicationServerKey }: PushSubscriber,
  { origin, now }: PushServiceOptions,
): Refusal | undefined {
  if (authorization === undefined) return invalid(401, 'Send Authorization: vapid t=…, k=….');
  const wrong = whatIsWrongWith(authorization, { origin: origin(), applicationServerKey, now: now() });
  if (wrong !== undefined) return invalid(403, `Authorization: ${wrong}.`);
  if (!/^\d{1,10}$/.test(ttl ?? '')) return invalid(400, 'TTL must be a number of seconds.');
  if (topic !== undefined && !/^[\w-]{1,32}$/.test(topic)) {
    return invalid(400, 'Topic must be 1 to 32 characters of base64url.');
  }
  if (urgency !== undefined && !['very-low', 'low', 'normal', 'high'].includes(urgency)) {
    return invalid(400, 'Urgency must be very-low, low, normal or high.');
  }
  if (body.length > MAX_BODY_BYTES) return invalid(413, `A message has at most ${MAX_BODY_BYTES} bytes.`);
  if (encoding !== 'aes128gcm') return invalid(415, 'Content-Encoding must be aes128gcm.');
  return undefined;
}

function deciphered(body: Buffer, { keys }: PushSubscriber): string | undefined {
  try {
    return decipher(body, keys).toString('utf8');
  } catch (error) {
    if (error instanceof Undecipherable) return undefined;
    throw error;
  }
}
