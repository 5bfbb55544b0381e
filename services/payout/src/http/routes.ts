import { isDatabaseAway, type Database } from '@payfan/database';
import { createApi, Problem, type Api, type ApiOptions, type Authenticate } from '@payfan/service';
import type { Owner } from '../account-client.ts';
import { cancelPayout } from '../cancel-payout.ts';
import type { Events } from '../commit-with-events.ts';
import { createPayout } from '../create-payout.ts';
import type { Making } from '../payout-events.ts';
import type { StoredPayout } from '../payout-store.ts';
import { createRoute } from './create.ts';
import { itemRoutes } from './items.ts';
import { payoutRoutes } from './payouts.ts';

export interface RoutesOptions
  extends Pick<ApiOptions, 'http' | 'logger' | 'health' | 'metrics' | 'allowedOrigins'>, Making {
  database: Database;
  outbox: Events;
  authenticate: Authenticate;
  accountOfCaller: (authorization: string) => Promise<Owner>;
  /** Told of a payout that was changed here. */
  onProgress: (payout: StoredPayout) => void;
  chunkItems: number;
  /** Lines of one payout that may pay the same phone number; 0 for any number. */
  linesToOnePayee: number;
  /** Unknown payees that an account's payouts of an hour may name; 0 switches the limit off. */
  unknownPayeesPerHour: number;
}

/** The whole HTTP API of this service. */
export function routes(options: RoutesOptions): Api {
  const { database, http = {}, logger, health, metrics } = options;
  const { authenticate, onProgress, allowedOrigins = [] } = options;
  const api = createApi({
    title: 'Payfan payout',
    description: 'Paying many at once. Amounts are integers in minor units (paise).',
    version: '1.0.0',
    http,
    logger,
    health,
    metrics,
    authenticate,
    allowedOrigins,
    problemFor: databaseAway,
  });
  createRoute(api, { ...options, create: (payout) => createPayout(options, payout) });
  payoutRoutes(api, {
    database,
    async cancel(asked) {
      const cancelled = await cancelPayout(options, asked);
      if (cancelled !== undefined) onProgress(cancelled);
      return cancelled;
    },
  });
  itemRoutes(api, { database, logger });
  return api;
}

function databaseAway(error: unknown): Problem | undefined {
  if (!isDatabaseAway(error)) return undefined;
  return new Problem({
    status: 503,
    code: 'temporarily_unavailable',
    detail: 'The database does not answer at the moment. Repeat the request with the same Idempotency-Key.',
    retryAfterSeconds: 2,
    cause: error,
  });
}
