import { createHash } from 'node:crypto';
import {
  MAX_PAYOUT_ERRORS_LISTED,
  PayoutItem,
  type PayoutLineError,
  type RejectedLines,
} from '@payfan/contracts';
import type { z } from 'zod';
import type { PayoutLines } from './payout.ts';

/** Lines in one pack. */
const PACK_LINES = 1_000;

/** A payout while its lines come in: each is checked at once, and kept packed or only complained about. */
export class PayoutDraft {
  readonly #hash = createHash('sha256');
  readonly #packs: Buffer[] = [];
  readonly #errors: PayoutLineError[] = [];
  readonly #linesToOnePayee: number;
  readonly #linesByPayee = new Map<string, number>();
  #rows: string[] = [];
  #total = 0;
  #amount = 0;
  #rejectedLines = 0;
  #errorCount = 0;

  /** @param linesToOnePayee lines that may pay the same phone number; 0 for any number */
  constructor({ linesToOnePayee }: { linesToOnePayee: number }) {
    this.#linesToOnePayee = linesToOnePayee;
  }

  /** @param line as its owner counts; @param asked what stands there, of whatever type */
  add(line: number, asked: unknown): void {
    const result = PayoutItem.safeParse(asked);
    if (!result.success) {
      this.#hashBad(asked);
      this.#reject(line, result.error.issues);
      return;
    }
    const { to, amount, currency, note } = result.data;
    if (!this.#mayPay(to)) {
      const message = `is one too many for this payee: a payout may pay one payee ${this.#linesToOnePayee} times`;
      this.complain({ line, path: 'to', message }, asked);
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

  /** Takes down that nothing could be made of a line; `asked` is what stands there. */
  complain(error: PayoutLineError, asked: unknown = null): void {
    this.#hashBad(asked);
    this.#rejectedLines += 1;
    this.#note(error);
  }

  /** What was left out, and why; undefined if nothing was. */
  get rejected(): RejectedLines | undefined {
    if (this.#errorCount === 0) return undefined;
    return { lines: this.#rejectedLines, errorCount: this.#errorCount, errors: this.#errors };
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

  /** A request is another one if other lines of it are bad; and a bad line never stands for a good one. */
  #hashBad(asked: unknown): void {
    this.#hash.update(`!${JSON.stringify(asked)}\n`);
  }

  #pack(): void {
    if (this.#rows.length === 0) return;
    this.#packs.push(Buffer.from(`[${this.#rows.join(',')}]`));
    this.#rows = [];
  }

  #reject(line: number, issues: readonly z.core.$ZodIssue[]): void {
    this.#rejectedLines += 1;
    const messages = new Map<string, string>();
    for (const issue of issues) {
      const unknown = issue.code === 'unrecognized_keys';
      const paths = unknown ? issue.keys : [issue.path.join('.')];
      // The first thing that is wrong with a field is enough.
      for (const path of paths) {
        if (!messages.has(path)) messages.set(path, unknown ? 'Unknown field' : issue.message);
      }
    }
    for (const [path, message] of messages) this.#note({ line, path, message });
  }

  #note(error: PayoutLineError): void {
    this.#errorCount += 1;
    if (this.#errors.length < MAX_PAYOUT_ERRORS_LISTED) this.#errors.push(error);
  }
}
