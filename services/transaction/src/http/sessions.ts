import { Session } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import { bearerOf, type Api } from '@payfan/service';
import { hashKey } from '../key-owners.ts';
import type { Limit } from '../limits.ts';
import { takesOf } from '../rate-limit-store.ts';
import type { RateLimiter } from '../rate-limiter.ts';
import { endWebSession, openWebSession, SESSION_IDLE_HOURS } from '../web-session-store.ts';
import type { Authentication } from './authenticate.ts';

export interface SessionRouteOptions {
  database: Database;
  authentication: Pick<Authentication, 'byKey' | 'bySession'>;
  /** Of the sessions that one key opens, as of the tokens that it buys. */
  limit: Limit | undefined;
  limiter: Pick<RateLimiter, 'assertAllowed'>;
  now: () => Date;
}

/** Sessions of browsers: what a browser keeps instead of an API key. */
export function sessionRoutes(api: Api, options: SessionRouteOptions): void {
  const { database, authentication, limit, limiter, now } = options;
  const { byKey, bySession } = authentication;
  api.route(
    {
      method: 'post',
      path: '/v1/sessions',
      summary: 'Open a session with an API key',
      description: `The session buys tokens at POST /v1/tokens as the key does, and is good for nothing else but DELETE /v1/sessions/current. It ends after ${SESSION_IDLE_HOURS} hours without use, and with the key.`,
      auth: 'required',
      authenticate: byKey,
      responses: { 201: { description: 'The session, which is shown once', schema: Session } },
    },
    async ({ request }) => {
      const keyHash = hashKey(bearerOf(request));
      await limiter.assertAllowed(takesOf([limit, keyHash.toString('base64')]));
      const session = await openWebSession(database, keyHash);
      const expiresAt = new Date(now().getTime() + SESSION_IDLE_HOURS * 3_600_000).toISOString();
      return { status: 201, headers: { 'cache-control': 'no-store' }, body: { session, expiresAt } };
    },
  );

  api.route(
    {
      method: 'delete',
      path: '/v1/sessions/current',
      summary: 'End the session that asks',
      description: 'It buys no token any more. Tokens that it bought work until they end.',
      auth: 'required',
      authenticate: bySession,
      responses: { 204: { description: 'The session has ended' } },
    },
    async ({ request }) => {
      await endWebSession(database, bearerOf(request));
      return { status: 204 };
    },
  );
}
