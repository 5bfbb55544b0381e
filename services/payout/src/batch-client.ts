import { BatchResults, type BatchResult, type TransferBatch } from '@payfan/contracts';
import { backoffMs, pause } from '@payfan/messaging';
import {
  contextHeaders,
  endpoint,
  fetchWithin,
  LARGE_ANSWER_BYTES,
  readText,
  type Logger,
} from '@payfan/service';

export interface BatchClientOptions {
  transactionUrl: string;
  /** Our own API key, of the role `service`. */
  serviceKey: string;
  logger: Logger;
  /** How long one call may take. */
  timeoutMs: number;
  random: () => number;
}

/** The transaction service is away, overloaded, or does not know us: it will take the same batch later. */
class TransactionAway extends Error {
  override readonly name = 'TransactionAway';
  /** It asked not to be asked before. */
  readonly retryAfterMs: number;
  constructor(reason: string, { cause, retryAfterMs = 0 }: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(`the transaction service is away: ${reason}`, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/** The transaction service answers this batch with something that waiting a little will not change. */
export class BatchNotTaken extends Error {
  override readonly name = 'BatchNotTaken';
  constructor(reason: string, cause?: unknown) {
    super(`the transaction service does not take the batch: ${reason}`, { cause });
  }
}

const ATTEMPTS = 3;
const BACKOFF = { firstMs: 250, longestMs: 2_000 };
/** Who is to come back later than this waits in its consumer's hand instead. */
const LONGEST_WAIT_MS = 5_000;

/** Has the transfers of a chunk made. Sent again, a batch moves nothing twice: every item has a key of its own. */
export class BatchClient {
  readonly name = 'batch client';
  readonly #options: BatchClientOptions;
  readonly #url: URL;
  readonly #stopping = new AbortController();

  constructor(options: BatchClientOptions) {
    this.#options = options;
    this.#url = endpoint(options.transactionUrl, 'v1/transfers/batch');
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends waiting, and calls under way: whoever takes the chunk over sends it again. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return Promise.resolve();
  }

  /**
   * A result for each of the first items, in their order: for all of them, or as far as the transaction service came
   * in one call. Tries up to three times.
   *
   * @throws TransactionAway or BatchNotTaken; after either some of it may have been made
   */
  async send(batch: TransferBatch): Promise<BatchResult[]> {
    const { random, logger } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#ask(batch);
      } catch (error) {
        const asked = error instanceof TransactionAway ? error.retryAfterMs : 0;
        const waitMs = Math.max(asked, backoffMs(attempt, BACKOFF, random));
        const isLast = attempt === ATTEMPTS || waitMs > LONGEST_WAIT_MS;
        if (isLast || this.#stopping.signal.aborted) throw error;
        logger.warn({ err: error, attempt, waitMs }, 'batch not made, trying again');
        await pause(waitMs, this.#stopping.signal);
      }
    }
  }

  async #ask(batch: TransferBatch): Promise<BatchResult[]> {
    const { response, body } = await this.#post(batch).catch((cause: unknown) => {
      throw new TransactionAway(cause instanceof Error ? cause.message : 'no answer', { cause });
    });
    const answered = `answered ${response.status} ${body.slice(0, 300)}`;
    if (response.status === 200) return readResults(body, batch.items.length);
    // 401 and 403 say that our key is unknown or lacks the grant `batch`, which an operator mends.
    if ([401, 403, 408, 429, 502, 503, 504].includes(response.status)) {
      throw new TransactionAway(answered, {
        retryAfterMs: 1_000 * Number(response.headers.get('retry-after') ?? 0) || 0,
      });
    }
    throw new BatchNotTaken(answered);
  }

  #post(batch: TransferBatch): Promise<{ response: Response; body: string }> {
    const { serviceKey, timeoutMs } = this.#options;
    const request = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${serviceKey}`,
        'content-type': 'application/json',
        ...contextHeaders(),
      },
      body: JSON.stringify(batch),
      timeoutMs,
      signal: this.#stopping.signal,
    };
    return fetchWithin(this.#url, request, async (response) => ({
      response,
      body: await readText(response, LARGE_ANSWER_BYTES),
    }));
  }
}

/** @throws BatchNotTaken if it is no answer to the batch: nothing may be recorded by guess */
function readResults(body: string, items: number): BatchResult[] {
  try {
    const { results } = BatchResults.parse(JSON.parse(body));
    if (results.length > 0 && results.length <= items) return results;
  } catch (error) {
    throw new BatchNotTaken('its results cannot be read', error);
  }
  throw new BatchNotTaken('it has no results, or more than items');
}
