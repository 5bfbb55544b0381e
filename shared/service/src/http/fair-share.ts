/** Why nothing was taken: the owner holds its share, or the capacity is used up. */
export type Shortage = 'owner' | 'all';

/**
 * Divides a capacity among owners so that a few of them cannot use all of it. An owner may take more only while it
 * holds less than a fraction of what is free (the dynamic threshold of Choudhury and Hahne, 1998): the more is in
 * use, the smaller is the share of each, and an owner that holds nothing finds room as long as there is any.
 */
export class FairShare {
  readonly #capacity: number;
  readonly #fraction: number;
  readonly #byOwner = new Map<string, number>();
  #used = 0;

  /** @param fraction of what is free; an owner alone gets `fraction / (1 + fraction)` of the capacity */
  constructor(capacity: number, fraction: number) {
    this.#capacity = capacity;
    this.#fraction = fraction;
  }

  /** Takes so much for this owner. If that is not possible it takes nothing and returns why. */
  take(owner: string, amount: number): Shortage | undefined {
    const free = this.#capacity - this.#used;
    if (amount > free) return 'all';
    const held = this.#byOwner.get(owner) ?? 0;
    if (held >= free * this.#fraction) return 'owner';
    this.#set(owner, held + amount);
    this.#used += amount;
    return undefined;
  }

  giveBack(owner: string, amount: number): void {
    this.#set(owner, (this.#byOwner.get(owner) ?? 0) - amount);
    this.#used -= amount;
  }

  #set(owner: string, held: number): void {
    if (held === 0) this.#byOwner.delete(owner);
    else this.#byOwner.set(owner, held);
  }
}
