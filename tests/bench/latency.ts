import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@payfan/database';
import type { BenchOptions, Figure } from './figure.ts';
import { wallMs } from './open-load.ts';
import { overRounds } from './rounds.ts';
import { withStage, type Stage } from './stage.ts';
import { quantile } from './statistics.ts';
import { CHANNELS, whenAllTold, type Channel } from './told.ts';

const PER_SECOND = 200;
const WARM_UP_MS = 10_000;
const MEASURED_MS = 20_000;
/** The p95 that Convoy, a webhooks gateway, publishes of itself. */
const P95_LIMIT_MS = 124;

type ByChannel = Record<Channel, number[]>;

/**
 * From the commit of a transfer to the provider's acceptance of each alert, all of Payfan running on this
 * machine. As the channels record it, which begins a little before the commit, when the request was accepted.
 */
export async function latency({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const measured: ByChannel[] = [];
  await withStage(async (stage) => {
    for (let round = 1; round <= rounds; round += 1) {
      const latencies = await measure(stage);
      measured.push(latencies);
      say(`  round ${round}: p95 ${quantile(Object.values(latencies).flat(), 0.95).toFixed(1)} ms`);
    }
  });
  const over = (what: string, of: (latencies: ByChannel) => number, atMost?: number): Figure =>
    overRounds({ what, unit: 'ms', ...(atMost === undefined ? {} : { atMost }) }, measured.map(of));
  return [
    over('p50, all channels', (one) => quantile(Object.values(one).flat(), 0.5)),
    over('p95, all channels', (one) => quantile(Object.values(one).flat(), 0.95), P95_LIMIT_MS),
    over('p99, all channels', (one) => quantile(Object.values(one).flat(), 0.99)),
    ...CHANNELS.map((channel) => over(`p95, ${channel}`, (one) => quantile(one[channel], 0.95))),
  ];
}

async function measure(stage: Stage): Promise<ByChannel> {
  const { database } = stage;
  const load = stage.load(PER_SECOND);
  await delay(WARM_UP_MS);
  const fromMs = wallMs();
  await delay(MEASURED_MS);
  const window = { fromMs, toMs: wallMs() };
  await whenAllTold(database, await load.stopWithoutRefusal());
  const latencies = {
    push: await latenciesOf(database, 'push', window),
    phone: await latenciesOf(database, 'phone', window),
    email: await latenciesOf(database, 'email', window),
  };
  await expectNoneLost(database, window, Object.values(latencies).flat().length);
  return latencies;
}

interface Window {
  fromMs: number;
  toMs: number;
}

async function latenciesOf(database: Database, channel: Channel, window: Window): Promise<number[]> {
  const rows = await database.query<{ ms: number }>({
    text: `select extract(epoch from sent_at - committed_at)::float8 * 1000 as ms
           from ${channel}.deliveries
           where status = 'sent' and committed_at >= to_timestamp($1 / 1000.0)
             and committed_at < to_timestamp($2 / 1000.0)`,
    values: [window.fromMs, window.toMs],
  });
  return rows.map(({ ms }) => ms);
}

/** A delivery that never came would make the figures better. */
async function expectNoneLost(database: Database, window: Window, deliveries: number): Promise<void> {
  const [row] = await database.query<{ count: number }>({
    text: `select count(*) as count from transaction.transfers
           where created_at >= to_timestamp($1 / 1000.0) and created_at < to_timestamp($2 / 1000.0)`,
    values: [window.fromMs, window.toMs],
  });
  const expected = 2 * CHANNELS.length * (row?.count ?? Number.NaN);
  if (deliveries !== expected) throw new Error(`${deliveries} deliveries were sent instead of ${expected}`);
}
