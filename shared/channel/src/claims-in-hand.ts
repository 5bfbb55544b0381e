/**
 * Which deliveries this process is asking for or working on, over all its lanes; and for which it asked in
 * vain, the connection having died before the answer. Such a claim may have been made all the same. It is
 * ours, nobody works on it, and without this we would wait for ourselves until it runs out.
 */
export class ClaimsInHand {
  readonly #inHand = new Set<string>();
  readonly #unheard = new Set<string>();

  /**
   * To be called before asking for a claim. False if another copy of the message has it in hand, and then
   * nobody may ask: a claim that is ours and live must not pass for one unheard of.
   */
  begin(reference: string): boolean {
    if (this.#inHand.has(reference)) return false;
    this.#inHand.add(reference);
    return true;
  }

  /** The work is done, or was in vain. */
  end(reference: string): void {
    this.#inHand.delete(reference);
  }

  /** No answer came to a claim. */
  failed(reference: string): void {
    this.#unheard.add(reference);
  }

  /** An answer came: whatever there was before is settled. */
  answered(reference: string): void {
    this.#unheard.delete(reference);
  }

  /** True if a claim of ours may stand that nobody here knows of; for whoever has it in hand. */
  isUnheardOf(reference: string): boolean {
    return this.#unheard.has(reference);
  }
}
