import type { Database } from '@payfan/database';
import { verifyToken, type Authenticate, type TokenIssuer } from '@payfan/service';
import { findPrincipal } from '../credential-store.ts';

/** Longer than any key we give out; keeps absurd headers away from the database. */
const MAX_KEY_LENGTH = 512;

/** This service issues the tokens and holds the keys, so it asks nobody: a token is verified, a key looked up. */
export function authenticateLocally(database: Database, issuer: TokenIssuer): Authenticate {
  return async (bearer) => {
    const verified = await verifyToken(bearer, issuer.jwks);
    if (verified !== undefined) return verified.principal;
    return bearer.length <= MAX_KEY_LENGTH ? findPrincipal(database, bearer) : undefined;
  };
}
