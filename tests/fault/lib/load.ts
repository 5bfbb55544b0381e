import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { pick, type Random } from './random.ts';

interface Person {
  key: string;
  phone: string;
}
const PEOPLE: readonly [Person, Person, Person] = [
  { key: 'demo_asha', phone: '7010233310' },
  { key: 'demo_ravi', phone: '7010233311' },
  { key: 'demo_meera', phone: '7010233312' },
];

/** Longer than two waits of a case: a client that is still without an answer then has lost patience. */
const PATIENCE_MS = 300_000;
/**
 * A request without an answer by then is sent again under its key. Payfan promises an answer within 10 s, so a machine
 * that is three times slower makes no client repeat a request while everything works.
 */
const ANSWER_WITHIN_MS = 30_000;
const AGAIN_AFTER_MS = 100;

export interface LoadOptions {
  /** Where transfers are taken: one URL for each instance of the transaction service. */
  urls: readonly [string, ...string[]];
  random: Random;
  /** Requests under way at once. */
  clients?: number;
  /** Between a client's transfers. */
  pauseMs?: number;
  /** Transfers in all; for ever unless told. */
  count?: number;
  /** A client that has no answer for longer fails the test; longer than any fault lasts unless given. */
  patienceMs?: number;
  /** Who pays, and is paid; those of the demo unless told. */
  people?: readonly [Person, Person, ...Person[]];
}

/** People who pay each other, and send a transfer again under its key until they have an answer. */
export class Load {
  /** Idempotency key → the transfer that was answered. */
  readonly answered = new Map<string, string>();
  /** What else came instead of an answer: status codes, or `none`. */
  readonly refusals = new Map<string, number>();
  readonly #options: LoadOptions;
  readonly #name: string;
  readonly #clients: Promise<void>;
  #begun = 0;
  #stopping = false;

  constructor(options: LoadOptions) {
    this.#options = options;
    // Of chance and not of the seed: two loads of one seed would take each other's answers for their own.
    this.#name = `load-${randomUUID().slice(0, 8)}`;
    const { clients = 8 } = options;
    this.#clients = Promise.all(Array.from({ length: clients }, () => this.#client())).then(() => undefined);
    // Whoever stops the load hears of it.
    this.#clients.catch(() => undefined);
  }

  /** Begins no further transfer, and resolves when each one begun has its answer. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#clients;
  }

  /** Resolves when all of `count` are answered. */
  async done(): Promise<void> {
    await this.#clients;
  }

  async #client(): Promise<void> {
    const { count = Infinity, pauseMs = 20, random } = this.#options;
    while (!this.#stopping && this.#begun < count) {
      this.#begun += 1;
      await this.#pay(`${this.#name}-${this.#begun}`);
      await delay(pauseMs * random() * 2);
    }
  }

  async #pay(key: string): Promise<void> {
    const { urls, random, people = PEOPLE, patienceMs = PATIENCE_MS } = this.#options;
    const payer = pick(random, people);
    const others = people.filter((person) => person !== payer) as [Person, ...Person[]];
    const body = JSON.stringify({
      to: pick(random, others).phone,
      amount: 1 + Math.floor(random() * 100),
      currency: 'INR',
      note: key,
    });
    const headers = {
      authorization: `Bearer ${payer.key}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    };
    for (const deadline = performance.now() + patienceMs; ;) {
      const answer = await this.#ask(`${pick(random, urls)}/v1/transfers`, headers, body);
      if (answer !== undefined) {
        this.answered.set(key, answer);
        return;
      }
      if (performance.now() > deadline) throw new Error(`transfer ${key} got no answer`);
      await delay(AGAIN_AFTER_MS);
    }
  }

  /** The id of the transfer, or undefined if it is to be asked again. */
  async #ask(url: string, headers: Record<string, string>, body: string): Promise<string | undefined> {
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const response = await fetch(url, { method: 'POST', headers, body, signal });
      const answer = (await response.json()) as { id: string; code?: string };
      if (response.status === 201) return answer.id;
      if (response.status !== 503) {
        throw new UnexpectedAnswer(`a transfer was answered ${response.status} ${answer.code ?? ''}`);
      }
      if (!(Number(response.headers.get('retry-after')) > 0)) {
        throw new UnexpectedAnswer(`a transfer was answered 503 ${answer.code ?? ''} without Retry-After`);
      }
      this.#refused('503');
    } catch (error) {
      if (error instanceof UnexpectedAnswer) throw error;
      this.#refused('none');
    }
    return undefined;
  }

  #refused(how: string): void {
    this.refusals.set(how, (this.refusals.get(how) ?? 0) + 1);
  }
}

/** Neither a transfer nor a request to come again: no fault of ours may look like that to a person. */
class UnexpectedAnswer extends Error {
  override readonly name = 'UnexpectedAnswer';
}
