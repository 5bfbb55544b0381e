/**
 * Does what is asked for at once, and then at most once in a while, however often it is asked: the last that was
 * asked for is always done, and nothing begins before what is under way has ended.
 */
export class Throttle {
  readonly #everyMs: number;
  #next: (() => Promise<unknown>) | undefined;
  #isResting = false;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  ask(work: () => Promise<unknown>): void {
    if (this.#isResting) this.#next = work;
    else void this.#doAndRest(work);
  }

  /** What waits is not done any more. */
  forget(): void {
    this.#next = undefined;
  }

  async #doAndRest(work: () => Promise<unknown>): Promise<void> {
    this.#isResting = true;
    const rest = new Promise((resolve) => setTimeout(resolve, this.#everyMs));
    // Whoever wants to know how it went asks its own promise.
    await Promise.allSettled([work(), rest]);
    this.#isResting = false;
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) void this.#doAndRest(next);
  }
}
