import { hash } from 'node:crypto';
import { createRemoteJWKSet, customFetch } from 'jose';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { readJson, readText } from './bounded-answer.ts';
import { contextHeaders } from './context.ts';
import { fetchWithin } from './deadline.ts';
import { endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import { looksLikeSession, looksLikeToken, verifyToken } from './token.ts';
import type { IncomingHttpHeaders } from 'node:http';
import type { Principal, VerifiedToken } from './token.ts';

/** The client that sends a credential. */
export interface Caller {
  /** IP address of the client. */
  readonly address: string;
  /** Of the request, where there is one. */
  readonly headers?: IncomingHttpHeaders;
}

/** The headers in which a service names itself and the client for which it exchanges a key. */
export const SERVICE_KEY_HEADER = 'payfan-service-key';
export const CLIENT_ADDRESS_HEADER = 'payfan-client-address';

/** Resolves to undefined for a bearer value that nobody may use; rejects with a Problem if that cannot be found out now. */
export type Authenticate = (bearer: string, caller?: Caller) => Promise<Principal | undefined>;

export interface RemoteAuthenticatorOptions {
  /** Base URL of the transaction service, which holds the keys and issues the tokens. */
  readonly transactionUrl: string;
  /** Our own API key: with it the transaction service trusts the client address that we name. */
  readonly serviceKey?: string;
  readonly timeoutMs?: number;
  /** How long a refused key is refused without asking again: guessing must not become load on the issuer. */
  readonly refusedTtlMs?: number;
  readonly now?: () => number;
}

const MAX_CACHED_CREDENTIALS = 10_000;
const MAX_KEY_LENGTH = 512;
/** A cached answer is given up this long before its token expires, so that it is never used past its end. */
const EXPIRY_MARGIN_MS = 30_000;
/** A public key withdrawn by the issuer is trusted for at most this long; the issuer may be away for as long. */
const JWKS_MAX_AGE_MS = 60 * 60 * 1_000;
/** A token signed by an unknown key makes us look for new keys, but not more often than this. */
const JWKS_COOLDOWN_MS = 5_000;
const RETRY_AFTER_SECONDS = 2;

const TokenAnswer = z.object({ token: z.string(), expiresAt: z.string() });

/** Like `Authenticate`, and tells how long the word is good for: of an API key, until it must be asked about again. */
export type Verify = (bearer: string, caller?: Caller) => Promise<VerifiedToken | undefined>;

/** Who a bearer value belongs to (nobody: undefined), and for how long that may be believed. */
export interface Verdict {
  readonly principal: Principal | undefined;
  readonly ttlMs: number;
}

/**
 * Remembers verdicts, under a hash: the cache holds no credentials. Equal values that arrive together are
 * decided on once.
 *
 * @param nowMs by which verdicts end; a monotonic clock unless given, as a clock that is set must not prolong them
 */
export function rememberVerdicts(
  decide: (bearer: string, caller: Caller | undefined) => Promise<Verdict>,
  nowMs?: () => number,
): Authenticate {
  return remember(async (bearer, caller) => {
    const { principal, ttlMs } = await decide(bearer, caller);
    return { known: principal, ttlMs };
  }, nowMs);
}

interface Remembered<T> {
  readonly known: T | undefined;
  readonly ttlMs: number;
}

function remember<T>(
  decide: (bearer: string, caller: Caller | undefined) => Promise<Remembered<T>>,
  nowMs = () => performance.now(),
): (bearer: string, caller?: Caller) => Promise<T | undefined> {
  const verdicts = new LRUCache<string, Remembered<T>>({
    max: MAX_CACHED_CREDENTIALS,
    perf: { now: nowMs },
    ttlResolution: 0,
  });
  const underWay = new Map<string, Promise<T | undefined>>();

  const decideNow = async (bearer: string, hashed: string, caller: Caller | undefined) => {
    const verdict = await decide(bearer, caller);
    // lru-cache takes a ttl of 0 for "never expires".
    if (verdict.ttlMs > 0) verdicts.set(hashed, verdict, { ttl: verdict.ttlMs });
    return verdict.known;
  };

  return async (bearer, caller) => {
    if (!mayBeCredential(bearer)) return undefined;
    const hashed = hash('sha256', bearer, 'base64');
    const verdict = verdicts.get(hashed);
    if (verdict !== undefined) return verdict.known;

    let decision = underWay.get(hashed);
    if (decision === undefined) {
      decision = decideNow(bearer, hashed, caller).finally(() => underWay.delete(hashed));
      underWay.set(hashed, decision);
    }
    return decision;
  };
}

/** A session buys tokens at the transaction service and is a credential nowhere else, so that a stolen one does less. */
function mayBeCredential(bearer: string): boolean {
  if (bearer === '' || looksLikeSession(bearer)) return false;
  return bearer.length <= MAX_KEY_LENGTH || looksLikeToken(bearer);
}

/** How long a verified token is good for, from `nowMs` on; never used past its end, whichever clock is wrong. */
export function timeLeftMs({ expiresAtMs }: VerifiedToken, nowMs: number): number {
  return expiresAtMs - nowMs - EXPIRY_MARGIN_MS;
}

/**
 * Authenticates by the transaction service's say. A JWT is verified here, with its public keys; an API key
 * is exchanged for a JWT there. Both verdicts are remembered.
 *
 * Rejects with a 503 Problem while the transaction service is away and its word is needed.
 */
export function remoteAuthenticator(options: RemoteAuthenticatorOptions): Authenticate {
  const verify = remoteVerifier(options);
  return async (bearer, caller) => (await verify(bearer, caller))?.principal;
}

/** The same, for those who go on after the request: it tells until when. */
export function remoteVerifier(options: RemoteAuthenticatorOptions): Verify {
  const { timeoutMs = 3_000, refusedTtlMs = 5_000, now = Date.now } = options;
  const tokensUrl = endpoint(options.transactionUrl, 'v1/tokens');
  const keys = createRemoteJWKSet(endpoint(options.transactionUrl, '.well-known/jwks.json'), {
    cacheMaxAge: JWKS_MAX_AGE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    timeoutDuration: timeoutMs,
    [customFetch]: (url, init) =>
      fetchWithin(
        url,
        { ...init, timeoutMs },
        async (response) => new Response(await readText(response), response),
      ),
  });

  /** @returns the JWT for this API key; undefined if the key is refused */
  async function exchange(key: string, caller: Caller | undefined): Promise<string | undefined> {
    const headers = {
      authorization: `Bearer ${key}`,
      ...contextHeaders(),
      ...(caller === undefined || options.serviceKey === undefined
        ? {}
        : { [SERVICE_KEY_HEADER]: options.serviceKey, [CLIENT_ADDRESS_HEADER]: caller.address }),
    };
    return fetchWithin(tokensUrl, { method: 'POST', headers, timeoutMs }, async (response) => {
      if (response.ok) return TokenAnswer.parse(await readJson(response)).token;
      if (response.status === 429) throw await rateLimited(response);
      if (response.status === 401 || response.status === 403) return undefined;
      throw new Error(`POST ${tokensUrl.href} answered ${response.status}`);
    });
  }

  return remember(async (bearer, caller) => {
    try {
      const token = looksLikeToken(bearer) ? bearer : await exchange(bearer, caller);
      const verified = token === undefined ? undefined : await verifyToken(token, keys, now);
      return { known: verified, ttlMs: verified === undefined ? refusedTtlMs : timeLeftMs(verified, now()) };
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem({
        status: 503,
        code: 'authentication_unavailable',
        detail: 'Who you are cannot be checked at the moment. Try again shortly.',
        retryAfterSeconds: RETRY_AFTER_SECONDS,
        cause: error,
      });
    }
  }, options.now);
}

const RateLimitedAnswer = z.object({
  detail: z.string(),
  limit: z.object({ name: z.string(), rate: z.string() }),
});

/** What the transaction service refuses for a limit is refused here in the same words. */
async function rateLimited(response: Response): Promise<Problem> {
  const { detail, limit } = RateLimitedAnswer.parse(await readJson(response));
  const retryAfterSeconds = Number(response.headers.get('retry-after') ?? RETRY_AFTER_SECONDS);
  return new Problem({ status: 429, code: 'rate_limited', detail, retryAfterSeconds, extensions: { limit } });
}
