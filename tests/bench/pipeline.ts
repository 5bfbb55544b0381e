import { setTimeout as delay } from 'node:timers/promises';
import { CpuMeter } from './cpu-meter.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { wallMs } from './open-load.ts';
import { overRounds } from './rounds.ts';
import { withStage, type Stage } from './stage.ts';
import { quantile } from './statistics.ts';
import { whenAllTold } from './told.ts';

/** What Mojaloop, a payments switch, publishes of itself: 650 transfers a second with 99 % within this. */
const P99_LIMIT_MS = 946;
const RATE_TO_BEAT = 651;

const FIRST_PER_SECOND = 100;
const FACTOR = 1.5;
/** A search ends when what held and what failed are this close; what fails over the long time goes down by as much. */
const CLOSE_ENOUGH = 1.06;
/** Programs that have just started are slow. */
const WARM_UP_SECONDS = 30;
const TRIAL_SECONDS = 10;
const CONFIRM_SECONDS = 60;
/** At a new rate, before what is measured. */
const SETTLE_MS = 2_000;

interface Trial {
  perSecond: number;
  p99Ms: number;
  p50Ms: number;
  /** Transfers of which somebody was not yet told, when the last one arrived. */
  waiting: number;
  cores: Map<string, number>;
}

/**
 * The highest rate at which people are told in time: searched for with short trials, then held for a minute.
 * A transfer's time is from when its request was to be sent to the last of its six deliveries.
 */
export async function pipeline({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const held: Trial[] = [];
  await withStage(async (stage) => {
    const meter = await CpuMeter.open(stage);
    const attempt = async (perSecond: number, seconds: number) => {
      const trial = await measure(stage, meter, perSecond, seconds);
      say(
        `  ${perSecond.toFixed(0)}/s for ${seconds} s: p99 ${trial.p99Ms.toFixed(0)} ms, ${trial.waiting} wait at the end`,
      );
      return trial;
    };
    await attempt(FIRST_PER_SECOND / FACTOR, WARM_UP_SECONDS);
    let start = FIRST_PER_SECOND;
    for (let round = 1; round <= rounds; round += 1) {
      // Twice, as a short trial may fail for what else the machine is doing, and would end the search too low.
      const passes = async (perSecond: number) =>
        isInTime(await attempt(perSecond, TRIAL_SECONDS)) ||
        isInTime(await attempt(perSecond, TRIAL_SECONDS));
      start = await search(start, passes);
      const trial = await confirm(start, (perSecond) => attempt(perSecond, CONFIRM_SECONDS));
      held.push(trial);
      say(`  round ${round}: ${trial.perSecond}/s held`);
    }
  });
  return figuresOf(held);
}

const isInTime = ({ p99Ms }: Trial) => p99Ms < P99_LIMIT_MS;

/** The highest rate that passes, as near as `CLOSE_ENOUGH`, by growing steps and then by halves. */
async function search(start: number, passes: (perSecond: number) => Promise<boolean>): Promise<number> {
  let highest = 0;
  let lowestFailed = Infinity;
  for (let perSecond = start; lowestFailed > highest * CLOSE_ENOUGH;) {
    if (await passes(perSecond)) highest = perSecond;
    else lowestFailed = perSecond;
    if (lowestFailed === Infinity) perSecond = Math.round(perSecond * FACTOR);
    else if (highest === 0) perSecond = Math.round(perSecond / FACTOR);
    else perSecond = Math.round(Math.sqrt(highest * lowestFailed));
    if (perSecond < 1) throw new Error('Not even one transfer a second was told in time');
  }
  return highest;
}

async function confirm(start: number, attempt: (perSecond: number) => Promise<Trial>): Promise<Trial> {
  for (let perSecond = start; perSecond >= 1; perSecond = Math.floor(perSecond / CLOSE_ENOUGH)) {
    const trial = await attempt(perSecond);
    if (isInTime(trial)) return trial;
  }
  throw new Error(`No rate was held for ${CONFIRM_SECONDS} s`);
}

async function measure(stage: Stage, meter: CpuMeter, perSecond: number, seconds: number): Promise<Trial> {
  await forgetOutside(stage.payfan);
  const load = stage.load(perSecond);
  await delay(SETTLE_MS);
  const fromMs = wallMs();
  await meter.begin();
  await delay(seconds * 1_000);
  const cores = await meter.coresUsed();
  const toMs = wallMs();
  const transfers = await load.stopWithoutRefusal();
  const told = await whenAllTold(stage.database, transfers);
  const measured = transfers.flatMap(({ intendedMs }, index) =>
    intendedMs < fromMs ? [] : [{ ms: told[index] ?? Number.NaN, intendedMs }],
  );
  const times = measured.map(({ ms }) => ms);
  return {
    perSecond,
    p99Ms: quantile(times, 0.99),
    p50Ms: quantile(times, 0.5),
    waiting: measured.filter(({ ms, intendedMs }) => intendedMs + ms > toMs).length,
    cores,
  };
}

/**
 * The sandbox keeps all that it was sent. With fifty thousand transfers in its memory phone and email stood for a second
 * every six thousand, and push, which does without it, did not: what it costs itself would be measured as ours.
 */
async function forgetOutside({ smsUrl, mailApi }: Stage['payfan']): Promise<void> {
  const kept = [
    `${smsUrl}/messages`,
    `${smsUrl}/attempts`,
    `${mailApi}/api/v1/messages`,
    `${mailApi}/attempts`,
  ];
  for (const url of kept) {
    const answer = await fetch(url, { method: 'DELETE' });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`DELETE ${url} was answered ${answer.status}`);
  }
}

function figuresOf(held: readonly Trial[]): Figure[] {
  const over = (figure: Omit<Figure, 'value' | 'rounds'>, of: (trial: Trial) => number) =>
    overRounds(figure, held.map(of));
  const names = [...(held[0]?.cores.keys() ?? [])];
  return [
    over(
      { what: `highest rate held for ${CONFIRM_SECONDS} s`, unit: '/s', atLeast: RATE_TO_BEAT },
      ({ perSecond }) => perSecond,
    ),
    over({ what: 'p99 at that rate', unit: 'ms' }, ({ p99Ms }) => p99Ms),
    over({ what: 'p50 at that rate', unit: 'ms' }, ({ p50Ms }) => p50Ms),
    over({ what: 'under way at its end', unit: 'transfers' }, ({ waiting }) => waiting),
    ...names
      .map((name) =>
        over({ what: `processors: ${name}`, unit: 'cores' }, ({ cores }) => cores.get(name) ?? 0),
      )
      .sort((a, b) => b.value - a.value),
  ];
}
