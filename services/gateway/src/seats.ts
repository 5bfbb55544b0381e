import { networkOf, type Principal } from '@payfan/service';

export interface SeatsOptions {
  /** Connections of one account at a time, and from one address (of IPv6, from one network of 64 bits). */
  readonly perAccount: number;
  readonly perAddress: number;
}

/** Counts connections, so that no account and no address takes them all. */
export class Seats {
  readonly #options: SeatsOptions;
  readonly #taken = new Map<string, number>();

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  /** Connections that may come from one address. */
  get perAddress(): number {
    return this.#options.perAddress;
  }

  /** A seat for one connection: call it to give it back (once counts). Undefined if there is none left. */
  take(principal: Principal, address: string): (() => void) | undefined {
    const { perAccount, perAddress } = this.#options;
    const keys = [`network ${networkOf(address)}`];
    if (this.#count(keys[0]) >= perAddress) return undefined;
    // Services and operators are few and known; they are only counted by address.
    if (principal.kind === 'account') {
      const account = `account ${principal.accountId}`;
      if (this.#count(account) >= perAccount) return undefined;
      keys.push(account);
    }
    for (const key of keys) this.#taken.set(key, this.#count(key) + 1);
    return () => {
      for (const key of keys.splice(0)) {
        const left = this.#count(key) - 1;
        if (left === 0) this.#taken.delete(key);
        else this.#taken.set(key, left);
      }
    };
  }

  #count(key: string | undefined): number {
    return key === undefined ? 0 : (this.#taken.get(key) ?? 0);
  }
}
