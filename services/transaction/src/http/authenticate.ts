import { isIP } from 'node:net';
import type { Database } from '@payfan/database';
import {
  CLIENT_ADDRESS_HEADER,
  looksLikeSession,
  looksLikeToken,
  rememberVerdicts,
  SERVICE_KEY_HEADER,
  timeLeftMs,
  unauthenticated,
  verifyToken,
  type Authenticate,
  type Caller,
  type TokenIssuer,
} from '@payfan/service';
import { hashKey, type KeyOwners } from '../key-owners.ts';
import { useWebSession } from '../web-session-store.ts';
import type { WrongKeys } from '../wrong-keys.ts';

/** For at most this long after its revocation a key is still accepted by a process that knows it. */
const KEY_TTL_MS = 5_000;

export interface AuthenticationOptions {
  database: Database;
  keys: KeyOwners;
  issuer: TokenIssuer;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  wrongKeys: WrongKeys;
}

export interface Authentication {
  /** An API key, or a token that one was exchanged for. */
  byKeyOrToken: Authenticate;
  /** An API key alone: a token must not buy another one, as it would then outlive a revoked key for ever. */
  byKey: Authenticate;
  /** A web session alone. It is looked up each time, so that it ends at once, and is valid only while its key is. */
  bySession: Authenticate;
  byKeyOrSession: Authenticate;
}

/** This service issues the tokens and holds the keys, so it verifies a token and looks up a key by itself. */
export function localAuthentication({
  database,
  keys,
  issuer,
  nowMs,
  wrongKeys,
}: AuthenticationOptions): Authentication {
  const find = (key: string, address: string) => {
    const hash = hashKey(key);
    return wrongKeys.lookUp(address, hash.toString('hex'), () => keys.find(hash));
  };
  /** A service with the grant names the client whose key it exchanges, so that wrong keys count for that client. */
  const addressOf = async ({ address, headers = {} }: Caller) => {
    const { [SERVICE_KEY_HEADER]: serviceKey, [CLIENT_ADDRESS_HEADER]: named } = headers;
    if (typeof serviceKey !== 'string' || typeof named !== 'string' || isIP(named) === 0) return address;
    const service = await find(serviceKey, address);
    const isGranted = service?.kind === 'service' && service.grants.includes('client-address');
    return isGranted ? named : address;
  };
  const findOwner = rememberVerdicts(async (key, caller) => {
    const principal =
      caller === undefined ? await keys.find(hashKey(key)) : await find(key, await addressOf(caller));
    return { principal, ttlMs: KEY_TTL_MS };
  }, nowMs);
  const ofToken = rememberVerdicts(async (token) => {
    const verified = await verifyToken(token, issuer.jwks, nowMs);
    if (verified === undefined) return { principal: undefined, ttlMs: KEY_TTL_MS };
    return { principal: verified.principal, ttlMs: timeLeftMs(verified, nowMs()) };
  }, nowMs);
  const byKey: Authenticate = (bearer, caller) => {
    if (looksLikeToken(bearer)) throw tokenRefused();
    return findOwner(bearer, caller);
  };
  const bySession: Authenticate = async (bearer, caller) => {
    if (!looksLikeSession(bearer)) return undefined;
    const find = async () => {
      const keyHash = await useWebSession(database, bearer);
      return keyHash && keys.find(keyHash);
    };
    if (caller === undefined) return find();
    return wrongKeys.lookUp(await addressOf(caller), hashKey(bearer).toString('hex'), find);
  };
  return {
    byKeyOrToken: (bearer, caller) => (looksLikeToken(bearer) ? ofToken(bearer) : findOwner(bearer, caller)),
    byKey,
    bySession,
    byKeyOrSession: (bearer, caller) =>
      looksLikeSession(bearer) ? bySession(bearer, caller) : byKey(bearer, caller),
  };
}

const tokenRefused = () =>
  unauthenticated(
    'A token cannot be exchanged for another one. Send your API key: Authorization: Bearer <API key>.',
    'Bearer error="invalid_token"',
  );
