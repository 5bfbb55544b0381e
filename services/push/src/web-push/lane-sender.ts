import type { Lane } from '@payfan/contracts';
import { gather, type Database } from '@payfan/database';
import { pause } from '@payfan/messaging';
import type { Logger } from '@payfan/service';
import type { HostBreakers } from './host-breakers.ts';
import { leaseJobs, postponeJob, removeJobs, type JobLease, type PushJob } from './job-store.ts';
import type { PushOutcome, WebPushMetrics } from './metrics.ts';
import { notificationOf, topicOf } from './notification.ts';
import { decide, TTL_SECONDS, type PushResult } from './policy.ts';
import type { PushServiceClient } from './push-service-client.ts';
import { forgetSubscription } from './subscription-store.ts';

export interface LaneSenderOptions {
  lane: Lane;
  database: Database;
  client: Pick<PushServiceClient, 'send'>;
  breakers: HostBreakers;
  metrics: Pick<WebPushMetrics, 'pushes' | 'latency' | 'refusals'>;
  logger: Logger;
  /** Messages under way at once. */
  concurrency: number;
  timeoutMs: number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Does a job, when it is its turn. */
  inTurn?: (work: () => Promise<void>) => Promise<void>;
  /** How often to look for what nobody woke us for: what is to be tried again, and what others left. */
  lookEveryMs?: number;
}

const LOOK_EVERY_MS = 1_000;
/** A lease outlives its attempt by this, so that the outcome can be recorded. */
const LEASE_MARGIN_MS = 5_000;
/** What stopping lets an attempt take. */
const STOP_PATIENCE_MS = 2_000;
/** Jobs removed in one statement. */
const BATCH = 100;

const atOnce = (work: () => Promise<void>): Promise<void> => work();

/** Sends one lane's jobs: takes what is due, as much as may be under way, and records what came of it. */
export class LaneSender {
  readonly #options: LaneSenderOptions;
  readonly #remove: (job: JobLease) => Promise<undefined>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  /** Ends attempts that stopping does not wait for. */
  readonly #cutShort = new AbortController();
  #wakened = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: LaneSenderOptions) {
    this.#options = options;
    this.#remove = gather({
      maxItems: BATCH,
      async work(jobs: JobLease[]) {
        await removeJobs(options.database, jobs);
        return jobs.map(() => undefined);
      },
    });
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Takes no more, and gives up what takes long: it is sent again later, under the same topic. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running;
    const patience = setTimeout(() => this.#cutShort.abort(), STOP_PATIENCE_MS);
    await Promise.all(this.#underWay);
    clearTimeout(patience);
  }

  /** There may be something to do. */
  wake(): void {
    this.#wakened.abort();
  }

  async #run(): Promise<void> {
    const { lookEveryMs = LOOK_EVERY_MS, logger } = this.#options;
    while (!this.#stopping.signal.aborted) {
      // Before the look, so that whoever comes during it is not overheard.
      this.#wakened = new AbortController();
      try {
        await this.#takeDue();
      } catch (error) {
        logger.warn({ err: error }, 'no messages to browsers to be had, looking again later');
      }
      await pause(lookEveryMs, this.#wakened.signal);
    }
  }

  /** Starts as many jobs as may be under way: each that ends makes us look again. */
  async #takeDue(): Promise<void> {
    const { database, lane, concurrency, timeoutMs, inTurn = atOnce } = this.#options;
    const free = concurrency - this.#underWay.size;
    if (free === 0) return;
    const seconds = (timeoutMs + LEASE_MARGIN_MS) / 1_000;
    const jobs = await leaseJobs(database, lane, { limit: free, seconds });
    for (const job of jobs) {
      const done = inTurn(() => this.#handle(job)).finally(() => {
        this.#underWay.delete(done);
        this.wake();
      });
      this.#underWay.add(done);
    }
  }

  /** Never throws: a job whose outcome is not recorded comes again when its lease ends. */
  async #handle(job: PushJob): Promise<void> {
    const { logger, lane } = this.#options;
    try {
      await this.#settle(job, job.push === undefined ? { kind: 'gone' } : await this.#send(job.push, job));
    } catch (error) {
      logger.warn({ lane, seq: job.seq, err: error }, 'outcome of a message to a browser not recorded');
    }
  }

  async #send(push: NonNullable<PushJob['push']>, { ageSeconds }: PushJob): Promise<PushResult> {
    const { client, breakers, lane, timeoutMs } = this.#options;
    const { subscription, item } = push;
    const ttlSeconds = Math.floor(TTL_SECONDS - ageSeconds);
    if (ttlSeconds <= 0) return { kind: 'failed', error: 'its turn did not come in time' };
    const notification = notificationOf(item);
    if (notification === undefined) return { kind: 'refused', error: `no words for ${item.type}` };
    const message = {
      ...{ subscription, lane, ttlSeconds },
      topic: topicOf(item.eventId),
      payload: JSON.stringify(notification),
    };
    const deadline = { timeoutMs, signal: this.#cutShort.signal };
    return breakers.run(new URL(subscription.endpoint).hostname, () => client.send(message, deadline));
  }

  async #settle(job: PushJob, result: PushResult): Promise<void> {
    const { database, metrics, lane, random, logger } = this.#options;
    const about = { lane, eventId: job.push?.item.eventId, subscriptionId: job.subscriptionId };
    const count = (outcome: PushOutcome) => metrics.pushes.inc({ lane, outcome });
    const decision = decide(result, job, random);
    if (result.kind === 'refuses_us') metrics.refusals.inc({ lane });
    switch (decision.kind) {
      case 'sent':
        await this.#remove(job);
        count('sent');
        metrics.latency.observe({ lane }, job.ageSeconds);
        logger.info(about, 'browser told');
        return;
      case 'retry':
        await postponeJob(database, job, decision.delayMs);
        count('retried');
        // Of a push service that refuses Payfan itself or is skipped, the breakers log when that begins and ends.
        if (result.kind === 'failed') {
          logger.warn(
            { ...about, error: decision.error },
            'message to a browser not sent, trying again later',
          );
        }
        return;
      case 'forget':
        if (job.push !== undefined) {
          await forgetSubscription(database, job.subscriptionId, job.push.subscription.keys.auth);
        }
        await this.#remove(job);
        count('gone');
        logger.info(about, 'browser no longer there');
        return;
      case 'drop':
        await this.#remove(job);
        count('refused');
        logger.error({ ...about, error: decision.error }, 'message to a browser refused for good');
        return;
      case 'give_up':
        await this.#remove(job);
        count('expired');
        logger.error({ ...about, error: decision.error }, 'message to a browser given up after a day');
    }
  }
}
