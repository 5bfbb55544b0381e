import { accountOfTopic, isPattern, LIVE_HEADERS, liveExchangeOf } from '@payfan/contracts';
import type { Published } from '@payfan/messaging';
import type { Logger, Part } from '@payfan/service';
import type { Counter } from 'prom-client';
import { z } from 'zod';
import type { FeedClient } from './feed-client.ts';
import { LiveMessage } from './live-message.ts';
import { LogTopic, type Subscriber } from './log-topic.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Shards } from './shards.ts';

export interface TopicHubOptions {
  readonly shards: Shards;
  readonly feeds: Pick<FeedClient, 'read' | 'readHead'>;
  /** Waits before another attempt; resolves at once when everything ends. */
  readonly pause: (attempt: number) => Promise<void>;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
  /** How long a subscription waits for the broker to bind. */
  readonly bindWaitMs?: number;
}

/** Somebody's following of one topic or pattern. */
export interface Following {
  /** Resolves when it has begun; rejects with `CannotFollow`. */
  readonly begun: Promise<void>;
  /** Nothing more is told. May be called twice. */
  end(): void;
}

/** The topic cannot be followed now; later it may be. */
export class CannotFollow extends Error {
  override readonly name = 'CannotFollow';
}

const BIND_WAIT_MS = 2_000;
/** Between two lines of the log about messages that came by the wrong exchange. */
const REPORT_EVERY_MS = 10_000;
const AccountId = z.uuid();

/** The account whose log a topic has; undefined for a topic without one. */
export function logOf(topic: string): string | undefined {
  const accountId = accountOfTopic(topic);
  // One that is no UUID would be refused by push, together with all others in the same request.
  return AccountId.safeParse(accountId).success ? accountId : undefined;
}

interface Log {
  readonly accountId: string;
  readonly topic: LogTopic;
}

/** Every topic that somebody here follows, and who does. */
export class TopicHub implements Part {
  readonly name = 'topics';
  readonly #options: TopicHubOptions;
  readonly #received: Record<'wanted' | 'nobody' | 'malformed' | 'misplaced', Counter.Internal>;
  readonly #logs = new Map<string, Log>();
  /** Topics without a log, and patterns by what topics begin with. */
  readonly #plain = new Map<string, Set<Subscriber>>();
  readonly #patterns = new Map<string, Set<Subscriber>>();
  #isClosed = false;
  #reportedAtMs = -Infinity;

  constructor(options: TopicHubOptions) {
    this.#options = options;
    const { received } = options.metrics;
    this.#received = {
      wanted: received.labels({ what: 'wanted' }),
      nobody: received.labels({ what: 'nobody' }),
      malformed: received.labels({ what: 'malformed' }),
      misplaced: received.labels({ what: 'misplaced' }),
    };
  }

  /** Topics followed now: with a log, without, and patterns. */
  get counts(): { log: number; plain: number; pattern: number } {
    return { log: this.#logs.size, plain: this.#plain.size, pattern: this.#patterns.size };
  }

  /**
   * A message from the broker, and the exchange by which it came. The hot path: its body is not looked at. Only push may
   * write to the exchange of accounts, so an account's topic on another exchange is a forgery, and is dropped.
   */
  receive(exchange: string, { headers, body }: Pick<Published, 'headers' | 'body'>): void {
    const { [LIVE_HEADERS.topic]: topic, [LIVE_HEADERS.seq]: seq } = headers;
    if (typeof topic !== 'string') {
      this.#received.malformed.inc();
      return;
    }
    if (liveExchangeOf(topic) !== exchange) {
      this.#received.misplaced.inc();
      this.#reportMisplaced(exchange, topic);
      return;
    }
    let isWanted = false;
    const log = this.#logs.get(topic);
    if (log !== undefined && typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0) {
      log.topic.arrive(new LiveMessage(topic, seq, body));
      isWanted = true;
    }
    const others = [this.#plain.get(topic), ...this.#matching(topic)];
    for (const subscribers of others) {
      if (subscribers === undefined) continue;
      isWanted = true;
      const message = new LiveMessage(topic, typeof seq === 'number' ? seq : undefined, body);
      for (const subscriber of subscribers) subscriber.tell(message);
    }
    this.#received[isWanted ? 'wanted' : 'nobody'].inc();
  }

  /** @param name a topic, or a pattern such as `payout.*`; authorised already */
  follow(name: string, after: number | undefined, subscriber: Subscriber): Following {
    const leave = new AbortController();
    const end = () => {
      if (leave.signal.aborted) return;
      leave.abort();
      this.#leave(name, subscriber);
    };
    const begun = this.#begin(name, after, subscriber, leave.signal).catch((error: unknown) => {
      end();
      throw error instanceof CannotFollow ? error : new CannotFollow(String(error), { cause: error });
    });
    return { begun, end };
  }

  /** Something may have been missed on every topic: whoever is behind is caught up from the log. */
  async check(): Promise<{ behind: number; level: number; unknown: number }> {
    const outcomes = await Promise.all([...this.#logs.keys()].map((name) => this.#checkOne(name)));
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    return { behind: count('behind'), level: count('level'), unknown: count('unknown') };
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing more is told to anybody. */
  stop(): Promise<void> {
    this.#isClosed = true;
    this.#options.shards.close();
    for (const { topic } of this.#logs.values()) topic.close();
    this.#logs.clear();
    this.#plain.clear();
    this.#patterns.clear();
    return Promise.resolve();
  }

  async #begin(
    name: string,
    after: number | undefined,
    subscriber: Subscriber,
    left: AbortSignal,
  ): Promise<void> {
    const { shards, bindWaitMs = BIND_WAIT_MS } = this.#options;
    const bound = isPattern(name) ? shards.holdAll(name) : shards.hold(name);
    const accountId = isPattern(name) ? undefined : logOf(name);
    const isBound = await isDoneWithin(bound, bindWaitMs);
    if (left.aborted || this.#isClosed) return;
    if (accountId === undefined) {
      if (!isBound) throw new CannotFollow('the broker does not answer');
      this.#addPlain(name, subscriber);
      subscriber.begun({ historyGone: false });
      return;
    }
    // Without the broker the log alone tells, as often as it is looked at.
    if (!isBound) this.#checkOnceBound(name, bound);
    await this.#logTopic(name, accountId).subscribe(subscriber, after);
  }

  #checkOnceBound(name: string, bound: Promise<void>): void {
    void bound.then(
      () => this.#checkOne(name),
      () => undefined,
    );
  }

  async #checkOne(name: string): Promise<'behind' | 'level' | 'unknown'> {
    const log = this.#logs.get(name);
    if (log === undefined) return 'unknown';
    try {
      return log.topic.heardOf(await this.#options.feeds.readHead(log.accountId)) ? 'behind' : 'level';
    } catch {
      // Counted and logged by whoever reads.
      return 'unknown';
    }
  }

  #logTopic(name: string, accountId: string): LogTopic {
    const known = this.#logs.get(name);
    if (known !== undefined) return known.topic;
    const { feeds, pause, logger, metrics } = this.#options;
    const topic = new LogTopic({
      read: (after) => feeds.read(name, accountId, after),
      readHead: () => feeds.readHead(accountId),
      pause,
      onFilled: (events) => metrics.filled.inc(events),
      onBroken: (problem) => {
        metrics.broken.inc();
        logger.error(
          { topic: name, ...problem },
          'the log is no continuation of what was told: was it restored from a copy? Followers begin anew',
        );
      },
    });
    this.#logs.set(name, { accountId, topic });
    return topic;
  }

  #addPlain(name: string, subscriber: Subscriber): void {
    const [subscribers, key] = this.#plainOf(name);
    const set = subscribers.get(key) ?? new Set();
    set.add(subscriber);
    subscribers.set(key, set);
  }

  #leave(name: string, subscriber: Subscriber): void {
    const { shards } = this.#options;
    if (isPattern(name)) shards.releaseAll(name);
    else shards.release(name);
    const log = this.#logs.get(name);
    if (log !== undefined) {
      log.topic.unsubscribe(subscriber);
      if (log.topic.subscribers > 0) return;
      log.topic.close();
      this.#logs.delete(name);
    }
    const [subscribers, key] = this.#plainOf(name);
    const set = subscribers.get(key);
    set?.delete(subscriber);
    if (set?.size === 0) subscribers.delete(key);
  }

  /** Logs at most one line per REPORT_EVERY_MS, however many such messages come. */
  #reportMisplaced(exchange: string, topic: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#reportedAtMs = nowMs;
    this.#options.logger.error(
      { exchange, topic: topic.slice(0, 200) },
      'live messages dropped: their topic does not belong to the exchange by which they came',
    );
  }

  #plainOf(name: string): [Map<string, Set<Subscriber>>, string] {
    return isPattern(name) ? [this.#patterns, name.slice(0, -1)] : [this.#plain, name];
  }

  #matching(topic: string): Set<Subscriber>[] {
    if (this.#patterns.size === 0) return [];
    return [...this.#patterns].flatMap(([start, set]) => (topic.startsWith(start) ? [set] : []));
  }
}

/** False if it takes longer. Rejects as the promise does. */
async function isDoneWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
