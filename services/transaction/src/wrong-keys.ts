import { networkOf, type Principal } from '@payfan/service';
import { rateLimited, type Limit } from './limits.ts';
import type { RateLimiter } from './rate-limiter.ts';

export interface WrongKeysOptions {
  /** Undefined if it is switched off. */
  limit: Limit | undefined;
  limiter: Pick<RateLimiter, 'take'>;
  nowMs: () => number;
}

const MAX_REMEMBERED = 10_000;
/** A key that was valid within this time may be looked up again from an address that guesses. */
const KNOWN_MS = 3_600_000;

/**
 * Counts keys that are not valid by the address that sends them. From an address beyond the limit only keys that are
 * known to have been valid are looked up, so that guessing gains nothing and clients behind the same address go on.
 *
 * Keys of one address are looked up one after the other: many guesses at once would all be looked up before the first
 * of them is counted.
 */
export class WrongKeys {
  readonly #options: WrongKeysOptions;
  /** When a key was last found to be valid, by its id. */
  readonly #validAtMs = new Map<string, number>();
  readonly #blockedUntilMs = new Map<string, number>();
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(options: WrongKeysOptions) {
    this.#options = options;
  }

  /**
   * Looks a key up for a client.
   *
   * @param id of the key: its hash
   * @param find resolves to undefined for a key that is not valid
   * @throws a 429 Problem from an address that has sent too many wrong keys
   */
  async lookUp(
    address: string,
    id: string,
    find: () => Promise<Principal | undefined>,
  ): Promise<Principal | undefined> {
    const { limit, limiter, nowMs } = this.#options;
    if (limit === undefined) return find();
    const subject = networkOf(address);
    const isKnown = nowMs() - (this.#validAtMs.get(id) ?? -Infinity) < KNOWN_MS;
    if (isKnown) return find();
    return this.#inTurn(subject, async () => {
      const blockedMs = (this.#blockedUntilMs.get(subject) ?? 0) - nowMs();
      if (blockedMs > 0) throw rateLimited(limit, blockedMs / 1_000);
      const principal = await find();
      if (principal !== undefined) {
        remember(this.#validAtMs, id, nowMs());
        return principal;
      }
      const refusal = await limiter.take([{ limit, subject }]);
      if (refusal === undefined) return undefined;
      remember(this.#blockedUntilMs, subject, nowMs() + refusal.waitSeconds * 1_000);
      throw rateLimited(limit, refusal.waitSeconds);
    });
  }

  async #inTurn<T>(subject: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(subject) ?? Promise.resolve();
    const mine = before.then(work);
    const ended = mine.catch(() => undefined);
    this.#queues.set(subject, ended);
    try {
      return await mine;
    } finally {
      if (this.#queues.get(subject) === ended) this.#queues.delete(subject);
    }
  }
}

function remember(map: Map<string, number>, key: string, value: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_REMEMBERED && oldest !== undefined) map.delete(oldest);
}
