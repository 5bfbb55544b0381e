/**
 * The newest `max` things, oldest first. Adding, dropping the oldest and looking up by position cost the
 * same however many there are; a plain array's `shift()` does not.
 */
export class Ring<T> {
  readonly #max: number;
  readonly #slots: (T | undefined)[] = [];
  #head = 0;
  #length = 0;

  constructor(max: number) {
    if (!Number.isInteger(max) || max < 1) throw new RangeError(`A ring holds 1 thing or more, not ${max}`);
    this.#max = max;
  }

  get length(): number {
    return this.#length;
  }

  /** @returns what had to make room, if anything */
  push(item: T): T | undefined {
    const dropped = this.#length === this.#max ? this.shift() : undefined;
    this.#slots[(this.#head + this.#length) % this.#max] = item;
    this.#length += 1;
    return dropped;
  }

  /** Takes the oldest out. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const oldest = this.#slots[this.#head];
    // Otherwise the slot would hold on to it until the ring has come round: gigabytes, where things are mails.
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#max;
    this.#length -= 1;
    return oldest;
  }

  /** @param index 0 is the oldest */
  at(index: number): T | undefined {
    return index < 0 || index >= this.#length ? undefined : this.#slots[(this.#head + index) % this.#max];
  }

  /** Takes one out wherever it is; walks all of them. */
  remove(item: T): void {
    const kept = [...this.newestFirst()].filter((other) => other !== item).reverse();
    this.clear();
    for (const other of kept) this.push(other);
  }

  clear(): void {
    this.#slots.length = 0;
    this.#head = 0;
    this.#length = 0;
  }

  *newestFirst(): Generator<T, void> {
    for (let index = this.#length - 1; index >= 0; index -= 1) {
      const item = this.at(index);
      if (item !== undefined) yield item;
    }
  }
}
