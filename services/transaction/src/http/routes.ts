import type { Lane } from '@payfan/contracts';
import { isDatabaseAway, QueueFull, type Database } from '@payfan/database';
import { createApi, Problem, type Api, type ApiOptions, type TokenIssuer } from '@payfan/service';
import { Counter } from 'prom-client';
import type { KeyOwners } from '../key-owners.ts';
import type { Limits } from '../limits.ts';
import { makeBatches } from '../make-batch.ts';
import { makeTransfers, type MakeTransfersOptions, type TracedRequest } from '../make-transfers.ts';
import type { RateLimiter } from '../rate-limiter.ts';
import { WrongKeys } from '../wrong-keys.ts';
import type { SigningKeys } from '../signing-keys.ts';
import { RoomForPeople } from '../room-for-people.ts';
import { accountRoutes } from './accounts.ts';
import { localAuthentication } from './authenticate.ts';
import { signingKeyRoutes } from './signing-keys.ts';
import { sessionRoutes } from './sessions.ts';
import { tokenRoutes } from './tokens.ts';
import { transferBatchRoutes } from './transfer-batches.ts';
import { transferRoutes } from './transfers.ts';

export interface RoutesOptions extends Pick<
  ApiOptions,
  'http' | 'logger' | 'health' | 'metrics' | 'allowedOrigins'
> {
  database: Database;
  outbox: MakeTransfersOptions['outbox'];
  /** Requests in one commit at most, and requests that may wait for theirs on each lane. */
  groupMax: number;
  queueMax: number;
  /** Of the time, what payouts may take while people send money; in (0, 1]. */
  bulkShare: number;
  limits: Limits;
  limiter: RateLimiter;
  /** How long a request's key is known. */
  keyDays: number;
  signingKeys: TokenIssuer & Pick<SigningKeys, 'rotate'>;
  keys: KeyOwners;
  newId: () => string;
  now: () => Date;
}

/**
 * Commits under way at once, on each lane. Interactive: one waits for the disk while the other decides; a third
 * gains nothing, it waits for locks. Bulk: one, so that a payout is decided in its order and a person's transfer
 * waits for one crowd at most.
 */
const GROUPS_AT_ONCE = { interactive: 2, bulk: 1 };

/** The whole HTTP API of this service. */
export function routes(options: RoutesOptions): Api {
  const {
    database,
    outbox,
    signingKeys,
    http = {},
    keys,
    logger,
    health,
    metrics,
    newId,
    now,
    groupMax,
    queueMax,
    limits,
    limiter,
    allowedOrigins = [],
  } = options;
  const clockMs = () => now().getTime();
  const wrongKeys = new WrongKeys({ limit: limits.wrongKeys, limiter, nowMs: clockMs });
  const authentication = localAuthentication({
    database,
    keys,
    issuer: signingKeys,
    nowMs: clockMs,
    wrongKeys,
  });
  const api = createApi({
    title: 'Payfan transaction',
    description: 'Accounts, transfers and the ledger. Amounts are integers in minor units (paise).',
    version: '1.0.0',
    http,
    logger,
    health,
    metrics,
    allowedOrigins,
    authenticate: authentication.byKeyOrToken,
    problemFor: (error) => (error instanceof QueueFull ? overloaded(error) : databaseAway(error)),
  });

  const outcomes = new Counter({
    name: 'transfers_total',
    help: 'Requests to move money, by what became of them',
    labelNames: ['outcome'],
    registers: [metrics],
  });
  // A queue for each lane: however many of a payout wait, a person's transfer waits for other persons' only.
  const open = (lane: Lane) => {
    const groupsAtOnce = GROUPS_AT_ONCE[lane];
    const commit = makeTransfers({
      ...{ database, outbox, newId, groupMax, groupsAtOnce, queueMax },
      unknownPayeesPerHour: limits.unknownPayees?.count ?? 0,
    });
    return async (item: TracedRequest) => {
      const outcome = await commit(item);
      outcomes.inc({ outcome: outcome.kind === 'invalid' ? outcome.code : outcome.kind });
      return outcome;
    };
  };
  const nowMs = () => performance.now();
  const room = new RoomForPeople({ share: options.bulkShare, nowMs });
  const makeBatch = makeBatches({
    makeTransfer: open('bulk'),
    room,
    newId,
    now,
    nowMs,
    sliceMax: Math.min(groupMax, queueMax),
  });

  const makeTransfer = open('interactive');
  const makeForPerson = (item: TracedRequest) => {
    room.seen();
    return makeTransfer(item);
  };
  transferRoutes(api, { database, makeTransfer: makeForPerson, limits, limiter, newId, now });
  transferBatchRoutes(api, { makeBatch, newId, now, keyDays: options.keyDays });
  accountRoutes(api, database);
  const ofTokens = { authentication, limit: limits.tokens, limiter };
  tokenRoutes(api, { ...ofTokens, issuer: signingKeys });
  signingKeyRoutes(api, signingKeys);
  sessionRoutes(api, { ...ofTokens, database, now });
  return api;
}

/**
 * The database could not do its work. The transfer may have been committed all the same, if the
 * connection died during the commit; under its key, asking again is safe either way.
 */
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

/** More requests wait than can be committed soon. Nothing was done about this one. */
function overloaded(cause: QueueFull): Problem {
  return new Problem({
    status: 503,
    code: 'overloaded',
    detail: 'More transfers are waiting than can be made at the moment. Repeat the request shortly.',
    retryAfterSeconds: 1,
    cause,
  });
}
