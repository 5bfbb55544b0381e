import { openDatabase, type Database } from '@payfan/database';
import {
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  newId,
  type KeyEncryption,
} from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { DEMO_KEYS, openDemoAccounts } from '../demo-accounts.ts';
import { routes, type RoutesOptions } from '../http/routes.ts';
import { KeyOwners, type KnownKey } from '../key-owners.ts';
import { limitsOf, type LimitSettings } from '../limits.ts';
import { SigningKeys } from '../signing-keys.ts';
import { LIMITER_POOL, RateLimiter } from '../rate-limiter.ts';

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
  readonly signingKeys: SigningKeys;
  /** As a role that may do everything. */
  readonly admin: Database;
  readonly port: number;
  url(path: string): string;
  /** Asha's, unless told otherwise; with the key `''` nobody's. */
  call(path: string, init?: RequestInit & { key?: string | undefined }): Promise<Answer>;
  /** Sends money under a new idempotency key unless told otherwise; null for none. */
  send(
    body: unknown,
    options?: { key?: string; idempotencyKey?: string | null; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Ends the process: another one may take its port. */
  stop(): Promise<void>;
  /** Stops it, and drops its database unless that was given. */
  close(): Promise<void>;
}

let keys = 0;
export const nextKey = (): string => `key-${++keys}`;

export const LIMITS_OFF: LimitSettings = {
  TRANSFERS_PER_MINUTE: 0,
  TRANSFERS_TO_ONE_PAYEE_PER_HOUR: 0,
  UNKNOWN_PAYEES_PER_HOUR: 0,
  WRONG_KEYS_PER_MINUTE: 0,
  TOKENS_PER_MINUTE: 0,
};

interface TestApiOptions extends Partial<Pick<RoutesOptions, 'groupMax' | 'queueMax' | 'limits' | 'now'>> {
  /** Keys in memory beside the demo's. */
  known?: readonly KnownKey[];
  /** Another process of the same service, whose database this one uses too. */
  beside?: TestApi;
  /** Any free one unless given. */
  port?: number;
  /** How long the limiter waits for its store; long unless given, as a busy machine is no failure. */
  deadlineMs?: number;
  encryption?: KeyEncryption;
}

export async function openApi({
  now: clock,
  groupMax = 256,
  queueMax = 5_000,
  limits = limitsOf(LIMITS_OFF),
  known = [],
  beside,
  port = 0,
  deadlineMs = 60_000,
  encryption,
}: TestApiOptions = {}): Promise<TestApi> {
  const now = clock ?? (() => new Date());
  const logger = createLogger({ service: 'transaction', level: 'silent' });
  const fresh = beside?.fresh ?? (await freshDatabase());
  const database = openDatabase({ url: fresh.urlFor('transaction'), name: APPLICATION });
  const admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 2 });
  await openDemoAccounts(admin);
  // Again, as by every start of a demo.
  await openDemoAccounts(admin);
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
    ...(clock && { now: clock }),
  });
  const signingKeys = await SigningKeys.open({
    database,
    encryption,
    logger,
    nowMs: () => now().getTime(),
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
    signingKeys,
    keys: new KeyOwners(database, [...DEMO_KEYS, ...known]),
    logger,
    health: createHealth({ database: () => database.ping() }),
    metrics,
    newId,
    now,
    bulkShare: 1,
    keyDays: 30,
    groupMax,
    queueMax,
    limits,
  });
  const server = httpServer({ api, port, logger, http: { host: '127.0.0.1' } });
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

  const stop = async () => {
    await server.stop();
    await Promise.all([database.stop(), limiter.stop()]);
  };

  return {
    fresh,
    database,
    signingKeys,
    admin,
    port: server.port,
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
    stop,
    async close() {
      await stop();
      await admin.stop();
      if (beside === undefined) await fresh.drop();
    },
  };
}
