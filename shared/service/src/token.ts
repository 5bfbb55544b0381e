import {
  SignJWT,
  calculateJwkThumbprint,
  createLocalJWKSet,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
} from 'jose';
import type { JSONWebKeySet, JWK, JWTPayload, JWTVerifyGetKey } from 'jose';

/** Who a request comes from. */
export type Principal =
  | { readonly kind: 'account'; readonly accountId: string; readonly tier: 'premium' | 'free' }
  | { readonly kind: 'operator'; readonly name: string }
  /** `grants` says what it may do: of the forms in GRANT_FORMS of contracts, nothing without one. */
  | { readonly kind: 'service'; readonly name: string; readonly grants: readonly string[] };

/** Everything about the token's form is in this file: whoever issues and whoever verifies share it. */
const ISSUER = 'payfan';
const AUDIENCE = 'payfan';
const ALGORITHM = 'EdDSA';

/** Short, because a token cannot be revoked: the last token of a revoked key works for this long. */
export const TOKEN_LIFETIME_SECONDS = 15 * 60;

const MAX_TOKEN_LENGTH = 4_096;

export interface IssuedToken {
  readonly token: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

export interface TokenIssuer {
  issue(principal: Principal): Promise<IssuedToken>;
  /** The public half, to be served at `/.well-known/jwks.json`. */
  readonly jwks: JSONWebKeySet;
}

/** A new Ed25519 private key as a JWK, to be kept where only the issuer reads it. */
export async function generateSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { crv: 'Ed25519', extractable: true });
  return exportJWK(privateKey);
}

/** @param privateKey an Ed25519 private JWK, as `generateSigningKey` makes it */
export async function createTokenIssuer(privateKey: JWK, now: () => number = Date.now): Promise<TokenIssuer> {
  const { kty, crv, x } = privateKey;
  if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined || privateKey.d === undefined) {
    throw new TypeError('The signing key must be a private Ed25519 JWK (kty OKP, crv Ed25519, with x and d)');
  }
  const signingKey = await importJWK(privateKey, ALGORITHM);
  // Built from named members, so that the private `d` cannot slip into what is published.
  const kid = await calculateJwkThumbprint({ kty, crv, x });

  return {
    jwks: { keys: [{ kty, crv, x, kid, alg: ALGORITHM, use: 'sig' }] },
    async issue(principal) {
      const issuedAt = Math.floor(now() / 1_000);
      const expires = issuedAt + TOKEN_LIFETIME_SECONDS;
      const token = await new SignJWT(claimsOf(principal))
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setIssuedAt(issuedAt)
        .setExpirationTime(expires)
        .sign(signingKey);
      return { token, expiresAt: new Date(expires * 1_000).toISOString() };
    },
  };
}

export interface VerifiedToken {
  readonly principal: Principal;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/**
 * Signature, algorithm, issuer, audience, expiry and claims.
 *
 * @param keys a JWKS, or jose's remote one
 * @returns undefined for a token that is not to be trusted
 * @throws whatever kept the keys from being fetched, which says nothing about the token
 */
export async function verifyToken(
  token: string,
  keys: JSONWebKeySet | JWTVerifyGetKey,
  now: () => number = Date.now,
): Promise<VerifiedToken | undefined> {
  if (!looksLikeToken(token)) return undefined;
  try {
    const { payload } = await jwtVerify(token, typeof keys === 'function' ? keys : createLocalJWKSet(keys), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(now()),
    });
    const principal = principalOf(payload);
    return principal === undefined ? undefined : { principal, expiresAtMs: (payload.exp ?? 0) * 1_000 };
  } catch (error) {
    if (isAboutTheToken(error)) return undefined;
    throw error;
  }
}

/** Whether a bearer value is a JWT rather than an API key. */
export function looksLikeToken(bearer: string): boolean {
  return bearer.length <= MAX_TOKEN_LENGTH && /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(bearer);
}

/** Whether a bearer value is a web session, which buys tokens and is no credential of any other route. */
export function looksLikeSession(bearer: string): boolean {
  return /^ps_[\w-]{43}$/.test(bearer);
}

/** jose also throws when the key set cannot be had: then the token may well be good. */
const ABOUT_THE_KEY_SET = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC']);

function isAboutTheToken(error: unknown): boolean {
  return error instanceof errors.JOSEError && !ABOUT_THE_KEY_SET.has(error.code);
}

function claimsOf(principal: Principal): JWTPayload {
  switch (principal.kind) {
    case 'account':
      return { sub: principal.accountId, role: 'account', tier: principal.tier };
    case 'operator':
      return { sub: principal.name, role: 'operator' };
    case 'service':
      return { sub: principal.name, role: 'service', grants: principal.grants };
  }
}

function principalOf({ sub, role, tier, grants }: JWTPayload): Principal | undefined {
  if (sub === undefined || sub === '') return undefined;
  switch (role) {
    case 'account':
      return tier === 'premium' || tier === 'free' ? { kind: 'account', accountId: sub, tier } : undefined;
    case 'operator':
      return { kind: 'operator', name: sub };
    case 'service':
      return isListOfTexts(grants) ? { kind: 'service', name: sub, grants } : undefined;
    default:
      return undefined;
  }
}

const isListOfTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
