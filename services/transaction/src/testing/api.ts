import { openDatabase, type Database } from '@payfan/database';
import {
  createHealth,
  createLogger,
  createMetrics,
  createTokenIssuer,
  httpServer,
  newId,
} from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { signingKey } from '../credential-store.ts';
import { DEMO_GRANTS, DEMO_SERVICE, openDemoAccounts } from '../demo-accounts.ts';
import { NO_LIMITS } from '../limits.ts';
import { LIMITER_POOL, RateLimiter } from '../rate-limiter.ts';
import { routes, type RoutesOptions } from '../http/routes.ts';

/** As whom the API under test is seen in `pg_stat_activity`. */
export const APPLICATION = 'service';

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { errors?: { path: string; message: string }[] };
}

/** For tests: the whole API on a port of its own, with the demo accounts. */
export interface TestApi {
  readonly fresh: FreshDatabase;
  /** As the service's role. */
  readonly database: Database;
  /** As a role that may do everything. */
  readonly admin: Database;
  url(path: string): string;
  /** Asha's, unless told otherwise; with the key `''` nobody's. */
  call(path: string, init?: RequestInit & { key?: string | undefined }): Promise<Answer>;
  /** Sends money under a new idempotency key unless told otherwise; null for none. */
  send(
    body: unknown,
    options?: { key?: string; idempotencyKey?: string | null; headers?: Record<string, string> },
  ): Promise<Answer>;
  close(): Promise<void>;
}

let keys = 0;
export const nextKey = (): string => `key-${++keys}`;

export async function openApi(
  options: Pick<RoutesOptions, 'groupMax' | 'queueMax'> &
    Partial<Pick<RoutesOptions, 'limits' | 'now'>> & {
      /** Another process of the same service, whose database this one uses too. */
      beside?: TestApi;
      /** How long the limiter waits for its store; long unless given, as a busy machine is no failure. */
      deadlineMs?: number;
    },
): Promise<TestApi> {
  const { beside, deadlineMs = 60_000, ...rest } = options;
  const logger = createLogger({ service: 'transaction', level: 'silent' });
  const fresh = beside?.fresh ?? (await freshDatabase());
  const database = openDatabase({ url: fresh.urlFor('transaction'), name: APPLICATION });
  const admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 2 });
  await openDemoAccounts(database);
  // Again, as by every process that starts.
  await openDemoAccounts(database);
  const metrics = createMetrics('transaction');
  const limiter = new RateLimiter({
    database: openDatabase({
      url: fresh.urlFor('transaction'),
      name: `${APPLICATION} limits`,
      max: LIMITER_POOL.max,
    }),
    logger,
    metrics,
    deadlineMs,
    ...(options.now && { now: options.now }),
  });
  const api = routes({
    database,
    limiter,
    // No broker: events stay in the outbox's table.
    outbox: {
      lease: () => ({ holder: newId(), seconds: 0 }),
      handOff: () => undefined,
      abandon: () => undefined,
    },
    issuer: await createTokenIssuer(await signingKey(database)),
    grants: new Map([
      [DEMO_SERVICE, DEMO_GRANTS],
      ['payout', ['batch']],
    ]),
    logger,
    health: createHealth({ database: () => database.ping() }),
    metrics,
    newId,
    now: () => new Date(),
    bulkShare: 1,
    keyDays: 30,
    limits: NO_LIMITS,
    ...rest,
  });
  const server = httpServer({ api, port: 0, logger, http: { host: '127.0.0.1' } });
  await server.start();

  const url = (path: string) => `http://127.0.0.1:${server.port}${path}`;
  const call: TestApi['call'] = async (path, init = {}) => {
    const { key = 'demo_asha', headers, ...others } = init;
    const response = await fetch(url(path), {
      ...others,
      headers: {
        ...(key !== '' && { authorization: `Bearer ${key}` }),
        ...(headers as Record<string, string>),
      },
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
    };
  };

  return {
    fresh,
    database,
    admin,
    url,
    call,
    send: (body, { key, idempotencyKey = nextKey(), headers = {} } = {}) =>
      call('/v1/transfers', {
        method: 'POST',
        key,
        headers: {
          'content-type': 'application/json',
          ...(idempotencyKey !== null && { 'idempotency-key': idempotencyKey }),
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async close() {
      await server.stop();
      await Promise.all([database.stop(), admin.stop(), limiter.stop()]);
      if (beside === undefined) await fresh.drop();
    },
  };
}
