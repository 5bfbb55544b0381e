import { Token } from '@payfan/contracts';
import { bearerOf, type Api, type TokenIssuer } from '@payfan/service';
import { z } from 'zod';
import { hashKey } from '../key-owners.ts';
import type { Limit } from '../limits.ts';
import type { RateLimiter } from '../rate-limiter.ts';
import { takesOf } from '../rate-limit-store.ts';
import type { Authentication } from './authenticate.ts';

export interface TokenRoutesOptions {
  issuer: TokenIssuer;
  authentication: Pick<Authentication, 'byKeyOrSession'>;
  /** Of the tokens that one key or session buys. */
  limit: Limit | undefined;
  limiter: Pick<RateLimiter, 'assertAllowed'>;
}

/** `POST /v1/tokens` and the public keys that verify what it gives out. */
export function tokenRoutes(api: Api, { issuer, authentication, limit, limiter }: TokenRoutesOptions): void {
  api.route(
    {
      method: 'post',
      path: '/v1/tokens',
      summary: 'Exchange an API key or a session for a short-lived token',
      description:
        'The token is a JWT (EdDSA) that every service verifies without asking back. Fetch another before it expires, with the API key or session: a token is not accepted here.',
      auth: 'required',
      authenticate: authentication.byKeyOrSession,
      responses: { 201: { description: 'A token for the owner of the key', schema: Token } },
    },
    async ({ principal, request }) => {
      await limiter.assertAllowed(takesOf([limit, hashKey(bearerOf(request)).toString('base64')]));
      return {
        status: 201,
        headers: { 'cache-control': 'no-store' },
        body: await issuer.issue(principal),
      };
    },
  );

  api.route(
    {
      method: 'get',
      path: '/.well-known/jwks.json',
      summary: 'The public keys that verify tokens',
      auth: 'none',
      responses: {
        200: {
          description: 'JSON Web Key Set (RFC 7517)',
          schema: z.looseObject({ keys: z.array(z.looseObject({})) }),
        },
      },
    },
    () =>
      Promise.resolve({
        status: 200 as const,
        // A new key waits for longer than this before it signs.
        headers: { 'cache-control': 'public, max-age=60' },
        body: { keys: [...issuer.jwks.keys] },
      }),
  );
}
