import { PayoutOwner } from '@payfan/contracts';
import { endpoint, fetchWithin, readJson, type Logger } from '@payfan/service';
import { LRUCache } from 'lru-cache';

export interface PayoutOwnersOptions {
  /** Base URL of the payout service. */
  readonly payoutUrl: string;
  /** Our own API key, of the role `service`. */
  readonly serviceKey: string;
  readonly logger: Logger;
  /** How long an answer may take; a client waits for it. */
  readonly timeoutMs?: number;
}

/** Whose a payout is cannot be had now; the reason is in the log. */
export class OwnerUnavailable extends Error {
  override readonly name = 'OwnerUnavailable';
  constructor(cause?: unknown) {
    super('whose the payout is cannot be found out at the moment', { cause });
  }
}

const TIMEOUT_MS = 3_000;
/** Owners remembered: some 2 MB. */
const MOST_KNOWN = 10_000;
/** Payouts asked about at once. */
const MOST_ASKED = 200;
/** For one account, so that whoever asks for many that are not there keeps nobody from his own. */
const MOST_ASKED_FOR_ONE = 20;

/** Whose payouts are, as the payout service tells it. An owner stays one, so what is known stays true. */
export class PayoutOwners {
  readonly #options: PayoutOwnersOptions;
  readonly #known = new LRUCache<string, string>({ max: MOST_KNOWN });
  readonly #asked = new Map<string, Promise<string | undefined>>();
  /** How many of these each account began. */
  readonly #askedFor = new Map<string, number>();

  constructor(options: PayoutOwnersOptions) {
    this.#options = options;
  }

  /**
   * The account id of a payout's owner; undefined if there is no such payout. Rejects with `OwnerUnavailable`, also
   * if `forAccount` has asked about too many that are not yet answered.
   */
  async ownerOf(payoutId: string, forAccount: string): Promise<string | undefined> {
    const known = this.#known.get(payoutId);
    if (known !== undefined) return known;
    const asked = this.#asked.get(payoutId);
    if (asked !== undefined) return asked;
    const own = this.#askedFor.get(forAccount) ?? 0;
    if (this.#asked.size >= MOST_ASKED || own >= MOST_ASKED_FOR_ONE) throw new OwnerUnavailable();
    this.#askedFor.set(forAccount, own + 1);
    const answer = this.#ask(payoutId).finally(() => this.#answered(payoutId, forAccount));
    this.#asked.set(payoutId, answer);
    return answer;
  }

  #answered(payoutId: string, forAccount: string): void {
    this.#asked.delete(payoutId);
    const left = (this.#askedFor.get(forAccount) ?? 0) - 1;
    if (left > 0) this.#askedFor.set(forAccount, left);
    else this.#askedFor.delete(forAccount);
  }

  async #ask(payoutId: string): Promise<string | undefined> {
    try {
      const accountId = await this.#request(payoutId);
      if (accountId !== undefined) this.#known.set(payoutId, accountId);
      return accountId;
    } catch (error) {
      this.#options.logger.warn({ err: error, payoutId }, 'owner of a payout not found out');
      throw new OwnerUnavailable(error);
    }
  }

  async #request(payoutId: string): Promise<string | undefined> {
    const { payoutUrl, serviceKey, timeoutMs = TIMEOUT_MS } = this.#options;
    const url = endpoint(payoutUrl, `v1/payouts/${payoutId}/owner`);
    const headers = { authorization: `Bearer ${serviceKey}` };
    return fetchWithin(url, { headers, timeoutMs }, async (response) => {
      if (response.ok) return PayoutOwner.parse(await readJson(response)).accountId;
      if (response.status === 404) return undefined;
      throw new Error(`GET ${url.href} answered ${response.status}`);
    });
  }
}
