import { FeedsRead } from '@payfan/contracts';
import { gather } from '@payfan/database/gather';
import {
  endpoint,
  fetchWithin,
  LARGE_ANSWER_BYTES,
  readJson,
  TimeoutError,
  type Logger,
} from '@payfan/service';
import type { Counter } from 'prom-client';
import { LiveMessage } from './live-message.ts';
import type { LogPage } from './log-topic.ts';

export interface FeedClientOptions {
  /** Base URL of push, which keeps the feeds. */
  readonly pushUrl: string;
  /** Our own API key, of the role `service`. */
  readonly serviceKey: string;
  readonly logger: Logger;
  readonly reads: Counter<'outcome'>;
  readonly timeoutMs?: number;
  /** Waits before another attempt. */
  readonly pause: (attempt: number) => Promise<void>;
}

/** The feeds cannot be read now; the reason is in the log. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
  constructor(cause: unknown) {
    super('the log cannot be read at the moment', { cause });
  }
}

const TIMEOUT_MS = 5_000;
const ATTEMPTS = 3;
/** Feeds and events of each in one request: at most some 6 MB, which push gives in one answer. */
const PAGES = { feeds: 100, events: 100 };
const HEADS = { feeds: 200, events: 0 };
/** Requests under way at once, for pages and for heads. */
const CONCURRENCY = 3;

type Position = Pick<FeedsRead['feeds'][number], 'firstSeq' | 'lastSeq'>;
interface Asked {
  readonly accountId: string;
  readonly after: number;
}

/** The log behind account topics, as push tells it. Reads that come together go in one request. */
export class FeedClient {
  readonly #options: FeedClientOptions;
  readonly #pages: (asked: Asked) => Promise<FeedsRead['feeds'][number]>;
  readonly #heads: (asked: Asked) => Promise<FeedsRead['feeds'][number]>;

  constructor(options: FeedClientOptions) {
    this.#options = options;
    const reader = ({ feeds, events }: { feeds: number; events: number }) =>
      gather({
        maxItems: feeds,
        concurrency: CONCURRENCY,
        work: (asked: Asked[]) => this.#readPatiently(asked, events),
      });
    this.#pages = reader(PAGES);
    this.#heads = reader(HEADS);
  }

  /** What a feed holds after a number. Rejects with `LogUnavailable`. */
  async read(topic: string, accountId: string, after: number): Promise<LogPage> {
    const { firstSeq, lastSeq, events } = await this.#pages({ accountId, after });
    return {
      firstSeq,
      lastSeq,
      events: events.flatMap((event) =>
        event.seq === undefined
          ? []
          : [new LiveMessage(topic, event.seq, Buffer.from(JSON.stringify(event)))],
      ),
    };
  }

  /** Where a feed stands. Rejects with `LogUnavailable`. */
  readHead(accountId: string): Promise<Position> {
    return this.#heads({ accountId, after: Number.MAX_SAFE_INTEGER });
  }

  async #readPatiently(asked: readonly Asked[], limit: number): Promise<FeedsRead['feeds']> {
    const { logger, reads, pause } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const feeds = await this.#request(asked, limit);
        reads.inc({ outcome: 'read' });
        return feeds;
      } catch (error) {
        reads.inc({ outcome: 'failed' });
        logger.warn({ err: error, attempt, feeds: asked.length }, 'feeds could not be read from push');
        // A second deadline would be too late for the client that waits.
        if (attempt === ATTEMPTS || error instanceof TimeoutError) throw new LogUnavailable(error);
        await pause(attempt);
      }
    }
  }

  async #request(asked: readonly Asked[], limit: number): Promise<FeedsRead['feeds']> {
    const { pushUrl, serviceKey, timeoutMs = TIMEOUT_MS } = this.#options;
    const url = endpoint(pushUrl, 'v1/feeds/read');
    const request = {
      method: 'POST',
      headers: { authorization: `Bearer ${serviceKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ feeds: asked, limit }),
      timeoutMs,
    };
    const { feeds } = await fetchWithin(url, request, async (response) => {
      if (!response.ok) throw new Error(`POST ${url.href} answered ${response.status}`);
      return FeedsRead.parse(await readJson(response, LARGE_ANSWER_BYTES));
    });
    asked.forEach(({ accountId }, index) => {
      if (feeds[index]?.accountId !== accountId) throw new Error(`POST ${url.href} answered other feeds`);
    });
    return feeds;
  }
}
