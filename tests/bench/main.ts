import { cpus } from 'node:os';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { renderTable, withRun } from '@payfan/stack/testing';
import type { BenchOptions, Figure } from './figure.ts';
import { growth } from './growth.ts';
import { outage } from './outage.ts';
import { outbox } from './outbox.ts';
import { transfers } from './transfers.ts';

type Benchmark = (options: BenchOptions) => Promise<Figure[]>;

const BENCHMARKS: Record<string, Benchmark> = { transfers, outbox, outage, growth };

const USAGE = `Usage: npm run bench -- [name …] [--outage-seconds n]

  transfers  transfers through the whole API against pgbench with the same SQL
  outbox   commit to broker at 200 transfers a second, channels stopped and running
  outage   the broker away under load: how fast the outbox drains, and the service's memory meanwhile
  growth   the sweeper's claims over 200,000 dead rows, with a transaction that holds back vacuum

All of them unless named. Each starts a durable stack of its own. Results are also in .payfan/bench.
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'outage-seconds': { type: 'string', default: '60' }, help: { type: 'boolean', short: 'h' } },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHMARKS);
  const outageSeconds = Number(values['outage-seconds']);
  if (values.help === true || !names.every((name) => name in BENCHMARKS) || !(outageSeconds > 0)) {
    process.stdout.write(USAGE);
    return values.help === true ? 0 : 2;
  }
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  for (const name of names) {
    say(`${name} …`);
    const figures = (await BENCHMARKS[name]?.({ outageSeconds, rounds: 3, say })) ?? [];
    report(name, figures);
  }
  return 0;
}

function report(name: string, figures: Figure[]): void {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
  const rows = figures.map((figure) => [
    figure.what,
    `${round(figure.value)} ${figure.unit}`,
    verdict(figure),
  ]);
  process.stdout.write(`${renderTable([[name, 'measured', 'limit'], ...rows])}\n`);
  process.stdout.write(`(${machine.cores} cores of ${machine.cpu}, Node.js ${machine.node})\n\n`);
  const folder = path.resolve('.payfan/bench');
  mkdirSync(folder, { recursive: true });
  const result = { name, at: new Date().toISOString(), machine, figures };
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

function verdict({ value, unit, atMost, atLeast }: Figure): string {
  if (atMost !== undefined) return `${value <= atMost ? 'within' : 'beyond'} ${atMost} ${unit}`;
  if (atLeast !== undefined) return `${value >= atLeast ? 'reaches' : 'below'} ${atLeast} ${unit}`;
  return '';
}

const round = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

process.exit(await withRun('bench', main));
