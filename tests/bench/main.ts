import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import { withRun } from '@payfan/stack/testing';
import { BadArguments, parseBenchArguments, usage, type BenchArguments } from './arguments.ts';
import { channel } from './channel.ts';
import type { Benchmark } from './figure.ts';
import { gateway } from './gateway.ts';
import { growthDeadRows } from './growth-dead-rows.ts';
import { growthRows } from './growth-rows.ts';
import { lanes } from './lanes.ts';
import { latency } from './latency.ts';
import { outage } from './outage.ts';
import { outbox } from './outbox.ts';
import { payouts } from './payouts.ts';
import { pipeline } from './pipeline.ts';
import { renderPlot } from './plot.ts';
import { relay } from './relay.ts';
import { complaint, missed, renderReport, type BenchResult, type Outcome } from './report.ts';
import { lookAround } from './surroundings.ts';
import { transfers } from './transfers.ts';

/** The table of contents, in the order in which they run where none is named. */
const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  transfers: {
    about: 'transfers through the whole API against pgbench with the same SQL',
    run: transfers,
  },
  outbox: {
    about: 'commit to broker at 200 transfers a second, channels stopped and running',
    run: outbox,
  },
  outage: {
    about: "the broker away under load: how fast the outbox drains, and the service's memory meanwhile",
    run: outage,
  },
  growth: {
    about: "transfers and lookups over 5,000,000 transfers, and the sweeper's claims over 200,000 dead rows",
    run: async (options) => [...(await growthRows(options)), ...(await growthDeadRows(options))],
  },
  relay: {
    about: 'the outbox relay against a bare amqplib loop that publishes the same messages',
    run: relay,
  },
  channel: {
    about: "a channel's deliveries against empty jobs of BullMQ and graphile-worker, and a bare consumer",
    run: channel,
  },
  latency: {
    about: "commit to the provider's acceptance at 200 transfers a second, by channel",
    run: latency,
  },
  pipeline: {
    about: "the highest rate at which everybody is told within 946 ms, and where the processors' time goes",
    run: pipeline,
  },
  lanes: {
    about: 'people beside 100,000 bulk messages on every channel, and bulk beside people',
    run: lanes,
  },
  payouts: {
    about:
      'a payout against the same transfers one by one, people beside full lanes, and free beside premium',
    run: payouts,
  },
  gateway: {
    about:
      "the live gateway's CPU and memory against bare ws, what a bad network loses, and polling beside it",
    run: gateway,
  },
};

const FOLDER = path.resolve('.payfan/bench');

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  try {
    const asked = parseBenchArguments(process.argv.slice(2), Object.keys(BENCHMARKS));
    if (!asked.help) return await withRun('bench', () => measure(asked));
    process.stdout.write(usage(BENCHMARKS));
    return 0;
  } catch (error) {
    if (!(error instanceof BadArguments)) throw error;
    say(`${error.message}\n\`npm run bench -- --help\` says what there is.`);
    return 2;
  }
}

async function measure(asked: BenchArguments): Promise<number> {
  const surroundings = await lookAround();
  const outcomes: Outcome[] = [];
  for (const name of asked.names) {
    say(`${name} …`);
    try {
      const figures = (await BENCHMARKS[name]?.run({ ...asked, say })) ?? [];
      publish({ name, at: new Date().toISOString(), ...surroundings, figures }, asked.plot);
      outcomes.push({ name, missed: missed(figures) });
    } catch (error) {
      // The others may take an hour, and are worth having all the same.
      say(`${name} failed: ${explain(error)}`);
      outcomes.push({ name, missed: 'all' });
    }
  }
  const last = complaint(outcomes);
  if (last === undefined) return 0;
  say(last);
  return 1;
}

/** On the screen, and in files. */
function publish(result: BenchResult, plot: boolean): void {
  const { isTTY } = process.stdout;
  const colours = isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  process.stdout.write(`${renderReport(result, { colours })}\n`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, `${result.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (plot) writeFileSync(path.join(FOLDER, `${result.name}.svg`), renderPlot(result));
}

/** Errors of ours have names of their own and say all there is to say; those of the language need their stack. */
const explain = (error: unknown): string =>
  error instanceof Error && !(error.name in globalThis) ? error.message : inspect(error);

process.exit(await main());
