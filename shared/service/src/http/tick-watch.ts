const TICK_MS = 1_000;

/**
 * Checks each watched item once a tick, until it is removed. Limits are counted in ticks and not compared with times,
 * because a process that stood still must first read what arrived, and answer what it can.
 */
export class TickWatch<Item> {
  readonly #check: (item: Item) => void;
  readonly #tickMs: number;
  readonly #items = new Set<Item>();
  #timer: NodeJS.Timeout | undefined;

  /** @param tickMs tests shorten it */
  constructor(check: (item: Item) => void, tickMs: number = TICK_MS) {
    this.#check = check;
    this.#tickMs = tickMs;
  }

  add(item: Item): void {
    this.#items.add(item);
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref();
  }

  remove(item: Item): void {
    this.#items.delete(item);
  }

  #tick(): void {
    for (const item of this.#items) this.#check(item);
    if (this.#items.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** How long so many ticks take, outside tests. */
export const ticksToMs = (ticks: number): number => ticks * TICK_MS;
