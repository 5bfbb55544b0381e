/**
 * Which deliveries this process is asking for or working on, over all its lanes; and for which it asked in
 * vain, the connection having died before the answer. Such a claim may have been made all the same. It is
 * ours, nobody works on it, and without this we would wait for ourselves until it runs out.
 */
export class ClaimsInHand {
  readonly #counts = new Map<string, number>();
  readonly #unheard = new Set<string>();

  /** Begin before asking, and end when done: a claim that is being answered must not pass for one unheard of. */
  begin(reference: string): void {
    this.#counts.set(reference, (this.#counts.get(reference) ?? 0) + 1);
  }

  end(reference: string): void {
    const left = (this.#counts.get(reference) ?? 0) - 1;
    if (left > 0) this.#counts.set(reference, left);
    else this.#counts.delete(reference);
  }

  /** No answer came to a claim. */
  failed(reference: string): void {
    this.#unheard.add(reference);
  }

  /** An answer came: whatever there was before is settled. */
  answered(reference: string): void {
    this.#unheard.delete(reference);
  }

  /** True if a claim of ours may stand that nobody here knows of; to be asked between `begin` and `end`. */
  isUnheardOf(reference: string): boolean {
    return this.#unheard.has(reference) && this.#counts.get(reference) === 1;
  }
}
