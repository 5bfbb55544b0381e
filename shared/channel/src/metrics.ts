import { LANES, type Lane } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { systemClock, type Clock } from './clock.ts';
import { countOpenLetters } from './dead-letter-store.ts';

/** What a channel counts. */
export interface ChannelMetrics {
  /** Attempts, by lane and what they came to. */
  deliveries: Counter<'lane' | 'outcome'>;
  /** From the commit of the transfer to the acceptance by the provider. */
  latency: Histogram<'lane'>;
  /** When the youngest event was committed that was taken from a lane; those that wait came after it. */
  newestTaken: Gauge<'lane'>;
  /** Alerts sent again that may have been accepted before: the only way a person can be told twice. */
  resent: Counter<'lane'>;
  deadLetters: Counter<'reason'>;
  deadLettersReplayed: Counter;
  /** 1 while a provider is passed over for another, because it keeps failing. */
  providersSkipped: Gauge<'lane' | 'provider'>;
  /** By lane, the time of the wall clock at which it paused because every provider of it fails. */
  lanesPausedSince: Map<Lane, number>;
  /** Attempts that a provider refused because of Payfan itself (its credentials, its sender), certainly or perhaps. */
  providerRefusals: Counter<'lane' | 'provider'>;
}

/** Registers a channel's metrics; once for each registry. */
export function channelMetrics(
  registry: Registry,
  clock: Pick<Clock, 'wallClockMs'> = systemClock,
): ChannelMetrics {
  const registers = [registry];
  const lanesPausedSince = new Map<Lane, number>();
  const paused = new Gauge({
    name: 'lane_paused_seconds',
    help: 'How long a lane has taken no messages because every provider of it fails; 0 while it takes them',
    labelNames: ['lane'],
    registers,
    collect() {
      const nowMs = clock.wallClockMs();
      for (const lane of LANES) paused.set({ lane }, (nowMs - (lanesPausedSince.get(lane) ?? nowMs)) / 1_000);
    },
  });
  return {
    lanesPausedSince,
    deliveries: new Counter({
      name: 'deliveries_total',
      help: 'Attempts at deliveries, by lane and outcome',
      labelNames: ['lane', 'outcome'],
      registers,
    }),
    latency: new Histogram({
      name: 'delivery_latency_seconds',
      help: 'From the commit of the transfer to the acceptance by the provider',
      labelNames: ['lane'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600],
      registers,
    }),
    newestTaken: new Gauge({
      name: 'lane_newest_taken_timestamp_seconds',
      help: 'Unix time at which the youngest event consumed from the lane was committed; waiting events were committed later',
      labelNames: ['lane'],
      registers,
    }),
    resent: new Counter({
      name: 'deliveries_resent_total',
      help: 'Alerts sent again under the same reference, because nobody could tell whether they had been accepted',
      labelNames: ['lane'],
      registers,
    }),
    providersSkipped: new Gauge({
      name: 'provider_skipped',
      help: '1 while a provider is passed over for another, because it keeps failing',
      labelNames: ['lane', 'provider'],
      registers,
    }),
    providerRefusals: new Counter({
      name: 'provider_refusals_total',
      help: 'Attempts that a provider refused because of Payfan itself (its credentials, its sender), certainly or perhaps',
      labelNames: ['lane', 'provider'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'dead_letters_total',
      help: 'Messages and deliveries given up, by reason',
      labelNames: ['reason'],
      registers,
    }),
    deadLettersReplayed: new Counter({
      name: 'dead_letters_replayed_total',
      help: 'Dead letters whose message was sent round again',
      registers,
    }),
  };
}

/** Shows on `/metrics` how many dead letters wait for somebody to do something about them. */
export function registerOpenLetters(registry: Registry, database: Queryable): void {
  const open = new Gauge({
    name: 'dead_letters_open',
    help: 'Dead letters about which nothing has been done; -1 while the database does not answer',
    registers: [registry],
    async collect() {
      open.set(await countOpenLetters(database).catch(() => -1));
    },
  });
}
