import { LANES } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { Counter, Gauge, Histogram, type Metric } from 'prom-client';
import { countJobs } from './job-store.ts';

/** What became of an attempt; all but `retried` are the last. */
export type PushOutcome = 'sent' | 'retried' | 'gone' | 'refused' | 'expired';

/** What Web Push counts. */
export interface WebPushMetrics {
  pushes: Counter<'lane' | 'outcome'>;
  latency: Histogram<'lane'>;
  /** Attempts that a push service refused because of Payfan itself: its VAPID keys or its subject. */
  refusals: Counter<'lane'>;
  /** All of them, to be registered. */
  all: readonly Metric[];
}

export function webPushMetrics(database: Queryable): WebPushMetrics {
  const pushes = new Counter({
    name: 'web_pushes_total',
    help: 'Attempts to tell browsers, by lane and outcome; `expired`: given up after a day',
    labelNames: ['lane', 'outcome'],
    registers: [],
  });
  const latency = new Histogram({
    name: 'web_push_latency_seconds',
    help: 'From the feed to the acceptance by the push service',
    labelNames: ['lane'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600],
    registers: [],
  });
  const refusals = new Counter({
    name: 'web_push_refusals_total',
    help: 'Attempts that a push service refused because of Payfan itself (its VAPID keys, its subject)',
    labelNames: ['lane'],
    registers: [],
  });
  // `increase()` in an alert rule sees the first refusal only if the series has been there before it.
  for (const lane of LANES) refusals.inc({ lane }, 0);
  const waiting = new Gauge({
    name: 'web_push_jobs',
    help: 'Messages to browsers that are not done; -1 while the database does not answer',
    registers: [],
    async collect() {
      waiting.set(await countJobs(database).catch(() => -1));
    },
  });
  return { pushes, latency, refusals, all: [pushes, latency, refusals, waiting] };
}
