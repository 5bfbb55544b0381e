import { randomUUID } from 'node:crypto';
import type { Payout, Tier } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { benchKey, benchPhone } from './bench-accounts.ts';
import type { Stage } from './stage.ts';

/** A crore of rupees, so that no line is refused for want of money. */
const BALANCE_PAISE = 1_000_000_000;
const TIMEOUT_MS = 300_000;

/** One of the bench's people who pays many at once, on the lane of a tier. */
export class Merchant {
  readonly #stage: Stage;
  readonly #n: number;

  private constructor(stage: Stage, n: number) {
    this.#stage = stage;
    this.#n = n;
  }

  static async open(stage: Stage, n: number, tier: Tier): Promise<Merchant> {
    await stage.database.query({
      text: 'update transaction.accounts set tier = $1, balance = $2 where phone = $3',
      values: [tier, BALANCE_PAISE, benchPhone(n)],
    });
    return new Merchant(stage, n);
  }

  /** Sends a CSV of so many lines, a paisa each; resolves with the payout's id when it is taken. */
  async pay(lines: number): Promise<string> {
    const payees = this.#stage.accounts - 1;
    const text = Array.from({ length: lines }, (_, line) => {
      const payee = 1 + ((this.#n + (line % payees)) % this.#stage.accounts);
      return `${benchPhone(payee)},1,INR,`;
    });
    const { id } = await this.#ask<{ id: string }>(
      'POST',
      '',
      `to,amount,currency,note\n${text.join('\n')}\n`,
    );
    return id;
  }

  async isOpen(id: string): Promise<boolean> {
    return (await this.#get(id)).status === 'processing';
  }

  /** Resolves when every line has its outcome. */
  async finished(id: string): Promise<void> {
    await this.#untilDone(id);
    const { total, succeeded } = await this.#get(id);
    if (succeeded !== total) throw new Error(`${total - succeeded} of ${total} lines were not paid`);
  }

  /** Cancels what has not begun, and resolves when nothing of it is under way any more. */
  async cancel(id: string): Promise<void> {
    if (!(await this.isOpen(id))) return;
    await this.#ask('POST', `/${id}/cancel`);
    await this.#untilDone(id);
  }

  #untilDone(id: string): Promise<void> {
    return waitFor(async () => !(await this.isOpen(id)), {
      what: `payout ${id} being done`,
      timeoutMs: TIMEOUT_MS,
      intervalMs: 50,
    });
  }

  #get(id: string): Promise<Payout> {
    return this.#ask('GET', `/${id}`);
  }

  async #ask<T>(method: string, path: string, csv?: string): Promise<T> {
    const answer = await fetch(`${this.#stage.payfan.url('payout')}/v1/payouts${path}`, {
      method,
      headers: {
        authorization: `Bearer ${benchKey(this.#n)}`,
        'idempotency-key': randomUUID(),
        ...(csv === undefined ? {} : { 'content-type': 'text/csv' }),
      },
      ...(csv === undefined ? {} : { body: csv }),
    });
    if (!answer.ok)
      throw new Error(`${method} /v1/payouts${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
