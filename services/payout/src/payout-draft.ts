import { createHash } from 'node:crypto';
import {
  MAX_PAYOUT_ERRORS_LISTED,
  type CheckedLine,
  type PayoutLineError,
  type RejectedLines,
} from '@payfan/contracts';
import type { PayoutLines } from './payout.ts';

/** Lines in one pack. */
const PACK_LINES = 1_000;

/** A payout while its lines come in: each is checked at once, and kept packed or only complained about. */
export class PayoutDraft {
  readonly #hash = createHash('sha256');
  readonly #packs: Buffer[] = [];
  readonly #errors: PayoutLineError[] = [];
  readonly #rejectedLines: number[] = [];
  readonly #linesToOnePayee: number;
  readonly #linesByPayee = new Map<string, number>();
  #rows: string[] = [];
  #total = 0;
  #amount = 0;
  #errorCount = 0;

  /** @param linesToOnePayee lines that may pay the same phone number; 0 for any number */
  constructor({ linesToOnePayee }: { linesToOnePayee: number }) {
    this.#linesToOnePayee = linesToOnePayee;
  }

  /** Keeps the item of a line, or what is wrong with it. */
  add({ line, sent, item, errors }: CheckedLine): void {
    if (errors !== undefined) {
      this.#reject(line, sent, errors);
      return;
    }
    const { to, amount, currency, note } = item;
    if (!this.#mayPay(to)) {
      const message = `is one too many for this payee: a payout may pay one payee ${this.#linesToOnePayee} times`;
      this.#reject(line, sent, [{ path: 'to', message }]);
      return;
    }
    this.#hash.update(`${JSON.stringify([to, amount, currency, note])}\n`);
    this.#total += 1;
    this.#amount += amount;
    this.#rows.push(JSON.stringify([line, to, amount, note]));
    if (this.#rows.length === PACK_LINES) this.#pack();
  }

  #mayPay(payee: string): boolean {
    if (this.#linesToOnePayee === 0) return true;
    const lines = this.#linesByPayee.get(payee) ?? 0;
    this.#linesByPayee.set(payee, lines + 1);
    return lines < this.#linesToOnePayee;
  }

  /** Notes that the lines from this one on cannot be read. */
  addUnreadable(line: number, reason: string): void {
    this.#reject(line, null, [{ path: '', message: reason }]);
  }

  /** What was left out, and why; undefined if nothing was. */
  get rejected(): RejectedLines | undefined {
    if (this.#errorCount === 0) return undefined;
    return { lines: this.#rejectedLines.length, errorCount: this.#errorCount, errors: this.#errors };
  }

  /** The numbers of all lines that were left out, so that a page can leave them out of its next attempt. */
  get rejectedLines(): readonly number[] {
    return this.#rejectedLines;
  }

  /** What the good lines make; undefined if there is none. Nothing may be added after. */
  finish(): PayoutLines | undefined {
    this.#pack();
    if (this.#total === 0) return undefined;
    return {
      total: this.#total,
      // Beyond 2^53 − 1 it is not exact, and more than anybody has.
      amount: this.#amount,
      currency: 'INR',
      packs: this.#packs,
      fingerprint: this.#hash.digest(),
    };
  }

  #pack(): void {
    if (this.#rows.length === 0) return;
    this.#packs.push(Buffer.from(`[${this.#rows.join(',')}]`));
    this.#rows = [];
  }

  #reject(line: number, sent: unknown, errors: readonly Omit<PayoutLineError, 'line'>[]): void {
    // A request is another one if other lines of it are bad; and a bad line never stands for a good one.
    this.#hash.update(`!${JSON.stringify(sent)}\n`);
    this.#rejectedLines.push(line);
    for (const error of errors) {
      this.#errorCount += 1;
      if (this.#errors.length < MAX_PAYOUT_ERRORS_LISTED) this.#errors.push({ line, ...error });
    }
  }
}
