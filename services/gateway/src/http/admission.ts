import { accountTopic, TopicPattern } from '@payfan/contracts';
import {
  bearerOf,
  clientAddress,
  Problem,
  type Health,
  type Principal,
  type VerifiedToken,
  type Verify,
} from '@payfan/service';
import type { IncomingMessage } from 'node:http';
import { SNAPSHOT } from '../client-frame.ts';
import { LogUnavailable } from '../feed-client.ts';
import type { MayFollow } from '../may-follow.ts';
import { OwnerUnavailable } from '../payout-owners.ts';
import type { Seats } from '../seats.ts';
import { CannotFollow } from '../topic-hub.ts';

/** Query parameter of whoever follows one topic over HTTP. */
export const TopicParameter = TopicPattern.optional().meta({
  description: "Your own account's topic unless told",
});

export interface AdmissionOptions {
  readonly verify: Verify;
  readonly mayFollow: MayFollow;
  readonly seats: Seats;
  readonly health: Pick<Health, 'draining'>;
  readonly trustedProxies: number;
}

/** The topic that is meant. Rejects with a problem if there is none, or the caller may not follow it. */
export async function topicFor(
  principal: Principal,
  topic: string | undefined,
  mayFollow: MayFollow,
): Promise<string> {
  const name = topic ?? (principal.kind === 'account' ? accountTopic(principal.accountId) : undefined);
  if (name === undefined) {
    throw new Problem({
      status: 400,
      code: 'invalid_request',
      detail: 'Say which topic: you have no account.',
    });
  }
  if (!(await mayFollow(principal, name))) {
    throw new Problem({ status: 403, code: 'forbidden', detail: `You may not follow ${name}.` });
  }
  return name;
}

/** The caller's token with its end, for an answer that goes on after the request was authenticated. */
export async function verifiedOf(
  { verify, trustedProxies }: AdmissionOptions,
  request: IncomingMessage,
): Promise<VerifiedToken> {
  const verified = await verify(bearerOf(request), { address: clientAddress(request, trustedProxies) });
  if (verified === undefined) throw new Problem({ status: 401, code: 'unauthenticated' });
  return verified;
}

/** A seat for what stays open. Throws a problem if there is none, or the gateway stops. */
export function takeSeat(
  { seats, health, trustedProxies }: AdmissionOptions,
  principal: Principal,
  request: IncomingMessage,
): () => void {
  if (health.draining) {
    throw new Problem({
      ...{ status: 503, code: 'temporarily_unavailable', detail: 'This gateway stops.' },
      retryAfterSeconds: 1,
    });
  }
  const giveBack = seats.take(principal, clientAddress(request, trustedProxies));
  if (giveBack !== undefined) return giveBack;
  throw new Problem({
    ...{ status: 429, code: 'too_many_connections', detail: 'Close one of your connections first.' },
    retryAfterSeconds: 5,
  });
}

/** For whoever asks further back than the log reaches. */
export const historyGone = (lastSeq: number): Problem =>
  new Problem({
    status: 410,
    code: 'history_gone',
    detail: `The log no longer reaches back so far. Read ${SNAPSHOT} of transaction, then go on after ${lastSeq}.`,
    extensions: { snapshot: SNAPSHOT, seq: lastSeq },
  });

/** Errors of ours that are no bugs. */
export function problemFor(error: unknown): Problem | undefined {
  if (error instanceof OwnerUnavailable) {
    return new Problem({
      status: 503,
      code: 'temporarily_unavailable',
      detail: 'Whose this payout is cannot be found out at the moment. Try again shortly.',
      retryAfterSeconds: 2,
      cause: error,
    });
  }
  if (!(error instanceof LogUnavailable || error instanceof CannotFollow)) return undefined;
  return new Problem({
    status: 503,
    code: 'temporarily_unavailable',
    detail: 'What happened cannot be read at the moment. Try again shortly.',
    retryAfterSeconds: 2,
    cause: error,
  });
}
