import { setTimeout as delay } from 'node:timers/promises';
import { BulkBacklog } from './bulk-backlog.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { wallMs } from './open-load.ts';
import { overRounds, ratios } from './rounds.ts';
import { withStage, type Stage } from './stage.ts';
import { quantile } from './statistics.ts';
import { MEASURED_MS, timesOfPeople, WARM_UP_MS } from './times-of-people.ts';
import { CHANNELS } from './told.ts';

/** On every channel, whenever a measurement with a crowd begins. */
const BULK_MESSAGES = 100_000;
/** Of the bulk lane alone. */
const ALONE_MS = 30_000;

interface Round {
  idle: number[];
  full: number[];
  /** Bulk deliveries a second, of all channels together. */
  bulkBeside: number;
  bulkAlone: number;
}

/**
 * A crowd must not delay a person: transfers at a low rate, each timed to the last of its six deliveries, with
 * empty bulk lanes and with 100,000 messages on every one, in turns. And a person must not stop the crowd.
 */
export async function lanes({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const measured: Round[] = [];
  const last: number[] = [];
  await withStage(async (stage) => {
    const backlog = await BulkBacklog.open(stage);
    for (let round = 1; round <= rounds; round += 1) {
      // As the crowd finds them: programs that have just started are slower.
      await restarted(stage);
      const idle = await timesOfPeople(stage);
      say(`  round ${round}: idle, p99 ${quantile(idle, 0.99).toFixed(0)} ms`);
      const beside = await withCrowd(stage, backlog, { measuredMs: MEASURED_MS, say }, () =>
        timesOfPeople(stage),
      );
      say(`  round ${round}: beside a crowd, p99 ${quantile(beside.result, 0.99).toFixed(0)} ms`);
      const alone = await withCrowd(stage, backlog, { measuredMs: ALONE_MS, say }, () =>
        delay(WARM_UP_MS + ALONE_MS),
      );
      await backlog.empty();
      measured.push({
        idle,
        full: beside.result,
        bulkBeside: beside.perSecond,
        bulkAlone: alone.perSecond,
      });
    }
    await restarted(stage);
    last.push(...(await timesOfPeople(stage)));
    await backlog.close();
  });
  return figuresOf(measured, last);
}

/** Stops the channels, does `meanwhile`, and starts them again. */
async function restarted(
  stage: Stage,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await Promise.all(CHANNELS.map((channel) => stage.payfan.program(channel).stop()));
  await meanwhile();
  await Promise.all(CHANNELS.map((channel) => stage.payfan.restart(channel)));
}

/**
 * Does `work` while bulk messages wait on every channel from its first moment to its last, and counts bulk's
 * own progress in its first `measuredMs` after the warm-up.
 */
async function withCrowd<T>(
  stage: Stage,
  backlog: BulkBacklog,
  { measuredMs, say }: { measuredMs: number; say: BenchOptions['say'] },
  work: () => Promise<T>,
): Promise<{ result: T; perSecond: number }> {
  await restarted(stage, () => backlog.fill(BULK_MESSAGES));
  const before = await backlog.depths();
  const fromMs = wallMs() + WARM_UP_MS;
  const result = await work();
  const after = await backlog.depths();
  const perSecond = await Promise.all(
    CHANNELS.map(
      async (channel) =>
        (1_000 * (await bulkDeliveries(stage, channel, { fromMs, toMs: fromMs + measuredMs }))) / measuredMs,
    ),
  );
  for (const [index, channel] of CHANNELS.entries()) {
    say(
      `    ${channel}: ${before[channel]} waited, ${after[channel]} do still, ${perSecond[index]?.toFixed(0)} deliveries/s`,
    );
    if (after[channel] === 0)
      throw new Error(`${channel} ran out of bulk messages: BULK_MESSAGES is too low`);
  }
  return { result, perSecond: perSecond.reduce((sum, one) => sum + one, 0) };
}

async function bulkDeliveries(
  { database }: Stage,
  channel: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<number> {
  const [row] = await database.query<{ count: number }>({
    text: `select count(*) as count from ${channel}.deliveries d
           where sent_at >= to_timestamp($1 / 1000.0) and sent_at < to_timestamp($2 / 1000.0)
             and not exists (select from transaction.transfers t where t.id = d.transfer_id)`,
    values: [fromMs, toMs],
  });
  return row?.count ?? Number.NaN;
}

function figuresOf(measured: readonly Round[], last: readonly number[]): Figure[] {
  const time = (q: number, of: (round: Round) => number[]) => measured.map((round) => quantile(of(round), q));
  const idle = time(0.99, (round) => round.idle);
  const full = time(0.99, (round) => round.full);
  const beside = measured.map(({ bulkBeside }) => bulkBeside);
  const alone = measured.map(({ bulkAlone }) => bulkAlone);
  return [
    overRounds(
      { what: 'told within, bulk lanes empty, p50', unit: 'ms' },
      time(0.5, (round) => round.idle),
    ),
    overRounds(
      { what: 'told within, 100,000 on each, p50', unit: 'ms' },
      time(0.5, (round) => round.full),
    ),
    overRounds({ what: 'told within, bulk lanes empty, p99', unit: 'ms' }, idle),
    overRounds({ what: 'told within, 100,000 on each, p99', unit: 'ms' }, full),
    overRounds({ what: 'p99 with a crowd, against without', unit: '×', atMost: 1.2 }, ratios(full, idle)),
    { what: 'told within, empty again at the end, p99', value: quantile(last, 0.99), unit: 'ms' },
    overRounds({ what: 'bulk deliveries, nobody else', unit: '/s' }, alone),
    overRounds({ what: 'bulk deliveries, beside people', unit: '/s' }, beside),
    overRounds({ what: 'bulk beside people, against alone', unit: '×', atLeast: 0.7 }, ratios(beside, alone)),
    { what: 'people measured in a round', value: measured[0]?.idle.length ?? 0, unit: 'transfers' },
  ];
}
