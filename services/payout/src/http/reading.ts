import { Problem } from '@payfan/service';

/** Bodies that are read at once; what is kept of each is at most its size. */
const AT_ONCE = 16;
/** Of one account, so that nobody's slow uploads keep others out. */
const OF_ONE_ACCOUNT = 2;

/** Bounds how many payouts are read at once. */
export class Reading {
  readonly #byAccount = new Map<string, number>();
  #all = 0;

  /** Rejects with a 503 Problem if there are as many as may be. */
  async within<T>(accountId: string, read: () => Promise<T>): Promise<T> {
    const own = this.#byAccount.get(accountId) ?? 0;
    if (this.#all >= AT_ONCE || own >= OF_ONE_ACCOUNT) {
      throw new Problem({
        status: 503,
        code: 'overloaded',
        detail: 'As many payouts are being sent as are read at once. Repeat the request shortly.',
        retryAfterSeconds: 2,
      });
    }
    this.#count(accountId, 1);
    try {
      return await read();
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
