import { Problem } from '@payfan/service';

/** Payouts in hand at once; what is kept of each is at most the size of its body. */
const AT_ONCE = 16;
/** Of one account, so that nobody's slow uploads keep others out. */
const OF_ONE_ACCOUNT = 4;

/**
 * Bounds how many payouts are in hand at once, from their first byte until they are stored: uploads that come faster
 * than the database takes them would else gather in memory.
 */
export class InHand {
  readonly #byAccount = new Map<string, number>();
  #all = 0;

  /** Does the work for one of them. Rejects with a 503 Problem if there are as many as may be. */
  async within<T>(accountId: string, work: () => Promise<T>): Promise<T> {
    const own = this.#byAccount.get(accountId) ?? 0;
    if (this.#all >= AT_ONCE || own >= OF_ONE_ACCOUNT) {
      throw new Problem({
        status: 503,
        code: 'overloaded',
        detail: 'As many payouts are being sent as are taken at once. Repeat the request shortly.',
        retryAfterSeconds: 2,
      });
    }
    this.#count(accountId, 1);
    try {
      return await work();
    } finally {
      this.#count(accountId, -1);
    }
  }

  #count(accountId: string, change: number): void {
    this.#all += change;
    const own = (this.#byAccount.get(accountId) ?? 0) + change;
    if (own === 0) this.#byAccount.delete(accountId);
    else this.#byAccount.set(accountId, own);
  }
}
