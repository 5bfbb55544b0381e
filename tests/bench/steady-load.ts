import { setTimeout as delay } from 'node:timers/promises';

const PAYERS = ['demo_asha', 'demo_ravi', 'demo_meera'] as const;
const PHONES = ['7010233310', '7010233311', '7010233312'] as const;

/** What a load came to. */
export interface LoadResult {
  completed: number;
  refused: number;
}

/**
 * Transfers at a set rate, whether or not earlier ones are answered: a system that slows down gets no relief
 * (https://www.scylladb.com/2021/04/22/on-coordinated-omission/). One of a paisa each, round a ring, so that
 * nobody runs out of money.
 */
export class SteadyLoad {
  readonly #url: string;
  readonly #perSecond: number;
  readonly #running: Promise<void>;
  readonly #open = new Set<Promise<void>>();
  readonly #result: LoadResult = { completed: 0, refused: 0 };
  #stopped = false;

  constructor(transactionUrl: string, perSecond: number) {
    this.#url = `${transactionUrl}/v1/transfers`;
    this.#perSecond = perSecond;
    this.#running = this.#run();
  }

  async stop(): Promise<LoadResult> {
    this.#stopped = true;
    await this.#running;
    await Promise.all(this.#open);
    return this.#result;
  }

  async #run(): Promise<void> {
    const beganMs = performance.now();
    for (let sent = 0; !this.#stopped;) {
      const due = Math.floor(((performance.now() - beganMs) / 1_000) * this.#perSecond);
      for (; sent < due; sent += 1) {
        const work = this.#pay(sent).finally(() => this.#open.delete(work));
        this.#open.add(work);
      }
      await delay(1);
    }
  }

  async #pay(n: number): Promise<void> {
    const payer = n % PAYERS.length;
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${PAYERS[payer] ?? PAYERS[0]}`,
          'content-type': 'application/json',
          'idempotency-key': crypto.randomUUID(),
        },
        body: JSON.stringify({
          to: PHONES[(payer + 1) % PHONES.length],
          amount: 1,
          currency: 'INR',
          note: '',
        }),
      });
      await response.arrayBuffer();
      this.#result[response.status === 201 ? 'completed' : 'refused'] += 1;
    } catch {
      this.#result.refused += 1;
    }
  }
}
