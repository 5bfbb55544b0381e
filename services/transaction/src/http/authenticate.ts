import {
  looksLikeToken,
  rememberVerdicts,
  timeLeftMs,
  unauthenticated,
  verifyToken,
  type Authenticate,
  type TokenIssuer,
} from '@payfan/service';
import { hashKey, type KeyOwners } from '../key-owners.ts';

/** For at most this long after its revocation a key is still accepted by a process that knows it. */
const KEY_TTL_MS = 5_000;

export interface AuthenticationOptions {
  keys: KeyOwners;
  issuer: TokenIssuer;
  /** Milliseconds since 1970. */
  nowMs: () => number;
}

export interface Authentication {
  /** An API key, or a token that one was exchanged for. */
  byKeyOrToken: Authenticate;
  /** An API key alone: a token must not buy another one, as it would then outlive a revoked key for ever. */
  byKey: Authenticate;
}

/** This service issues the tokens and holds the keys, so it verifies a token and looks up a key by itself. */
export function localAuthentication({ keys, issuer, nowMs }: AuthenticationOptions): Authentication {
  const findOwner = rememberVerdicts(
    async (key) => ({ principal: await keys.find(hashKey(key)), ttlMs: KEY_TTL_MS }),
    nowMs,
  );
  const ofToken = rememberVerdicts(async (token) => {
    const verified = await verifyToken(token, issuer.jwks, nowMs);
    if (verified === undefined) return { principal: undefined, ttlMs: KEY_TTL_MS };
    return { principal: verified.principal, ttlMs: timeLeftMs(verified, nowMs()) };
  }, nowMs);
  return {
    byKeyOrToken: (bearer) => (looksLikeToken(bearer) ? ofToken(bearer) : findOwner(bearer)),
    byKey: (bearer) => {
      if (looksLikeToken(bearer)) throw tokenRefused();
      return findOwner(bearer);
    },
  };
}

const tokenRefused = () =>
  unauthenticated(
    'A token cannot be exchanged for another one. Send your API key: Authorization: Bearer <API key>.',
    'Bearer error="invalid_token"',
  );
