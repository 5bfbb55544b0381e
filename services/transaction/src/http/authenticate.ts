import type { Database } from '@payfan/database';
import {
  rememberVerdicts,
  timeLeftMs,
  verifyToken,
  type Authenticate,
  type TokenIssuer,
} from '@payfan/service';
import { findPrincipal } from '../credential-store.ts';
import type { ServiceGrants } from '../service-grants.ts';

/** A key that is revoked, or has just been made, takes this long to be noticed by every instance. */
const KEY_TTL_MS = 5_000;

/** This service issues the tokens and holds the keys, so it asks nobody: a token is verified, a key looked up. */
export function authenticateLocally(
  database: Database,
  issuer: TokenIssuer,
  grants: ServiceGrants,
): Authenticate {
  return rememberVerdicts(async (bearer) => {
    const verified = await verifyToken(bearer, issuer.jwks);
    if (verified !== undefined) {
      return { principal: verified.principal, ttlMs: timeLeftMs(verified, Date.now()) };
    }
    return { principal: await findPrincipal(database, bearer, grants), ttlMs: KEY_TTL_MS };
  });
}
