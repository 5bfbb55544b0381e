import { Problem } from '@payfan/service';

/** How often one caller may do something: a bucket of `burst` units that regains `count` units in `seconds`. */
export interface Limit {
  /** What is limited, for programs. It never changes its meaning. */
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
  readonly burst: number;
  /** What has been done too often, for people. */
  readonly detail: string;
}

/** The limits of this service; one that is switched off is undefined. */
export interface Limits {
  /** Of one account. */
  readonly transfers: Limit | undefined;
  /** Of one account to one phone number. */
  readonly transfersToOnePayee: Limit | undefined;
  /** Transfers of one account that it could afford, to phone numbers without a wallet. */
  readonly unknownPayees: Limit | undefined;
  /** Of one client address. */
  readonly wrongKeys: Limit | undefined;
  /** Tokens that one key or session buys, and sessions that one key opens. */
  readonly tokens: Limit | undefined;
}

/** Counts from the environment; 0 switches a limit off. */
export interface LimitSettings {
  readonly TRANSFERS_PER_MINUTE: number;
  readonly TRANSFERS_TO_ONE_PAYEE_PER_HOUR: number;
  readonly UNKNOWN_PAYEES_PER_HOUR: number;
  readonly WRONG_KEYS_PER_MINUTE: number;
  readonly TOKENS_PER_MINUTE: number;
}

const MINUTE = 60;
const HOUR = 3_600;

/** The limits that the environment asks for. */
export function limitsOf(settings: LimitSettings): Limits {
  return {
    transfers: limit('transfers', settings.TRANSFERS_PER_MINUTE, MINUTE, 'This account sends too often.', 2),
    transfersToOnePayee: limit(
      'transfers_to_one_payee',
      settings.TRANSFERS_TO_ONE_PAYEE_PER_HOUR,
      HOUR,
      'This account sends to this payee too often.',
    ),
    unknownPayees: limit(
      'unknown_payees',
      settings.UNKNOWN_PAYEES_PER_HOUR,
      HOUR,
      'This account has named too many payees without a wallet.',
    ),
    wrongKeys: limit(
      'wrong_keys',
      settings.WRONG_KEYS_PER_MINUTE,
      MINUTE,
      'Too many keys that are not valid came from this address.',
    ),
    tokens: limit('tokens', settings.TOKENS_PER_MINUTE, MINUTE, 'This key buys tokens too often.'),
  };
}

/** @param bursts how many times `count` may be done at once */
function limit(name: string, count: number, seconds: number, detail: string, bursts = 1): Limit | undefined {
  return count === 0 ? undefined : { name, count, seconds, burst: count * bursts, detail };
}

/** Refuses what a limit does not allow. */
export function rateLimited({ name, count, seconds, detail }: Limit, waitSeconds: number): Problem {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitSeconds));
  return new Problem({
    status: 429,
    code: 'rate_limited',
    detail: `${detail} Try again in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
    extensions: { limit: { name, rate: `${count} per ${seconds === HOUR ? 'hour' : 'minute'}` } },
  });
}
