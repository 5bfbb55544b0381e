import { parseArgs } from 'node:util';
import type { Benchmark } from './figure.ts';

/** What was asked for on the command line. */
export interface BenchArguments {
  help: boolean;
  /** Each once, in the order given; all of them where none was named. */
  names: string[];
  rounds: number;
  outageSeconds: number;
  growthTransfers: number;
  plot: boolean;
}

export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

/** Throws BadArguments, whose message says what may be given instead. */
export function parseBenchArguments(args: readonly string[], known: readonly string[]): BenchArguments {
  const { values, positionals } = readOptions(args);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new BadArguments(`There is no benchmark "${unknown}"; there are ${known.join(', ')}.`);
  }
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new BadArguments(`--rounds takes a whole number of at least 1, not "${values.rounds}".`);
  }
  const outageSeconds = Number(values['outage-seconds']);
  if (!Number.isFinite(outageSeconds) || outageSeconds <= 0) {
    throw new BadArguments(
      `--outage-seconds takes a number above 0, such as 60, not "${values['outage-seconds']}".`,
    );
  }
  const growthTransfers = Number(values['growth-transfers']);
  if (!Number.isSafeInteger(growthTransfers) || growthTransfers < 500_000) {
    throw new BadArguments(
      `--growth-transfers takes a whole number of at least 500000, not "${values['growth-transfers']}".`,
    );
  }
  const names = positionals.length > 0 ? [...new Set(positionals)] : [...known];
  return { help: values.help, names, rounds, outageSeconds, growthTransfers, plot: values.plot };
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '3' },
        'outage-seconds': { type: 'string', default: '60' },
        'growth-transfers': { type: 'string', default: '5000000' },
        plot: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    // Node's own words name the option; --help has the rest.
    throw new BadArguments(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** What `--help` says. */
export function usage(benchmarks: Readonly<Record<string, Benchmark>>): string {
  const width = Math.max(...Object.keys(benchmarks).map((name) => name.length));
  const contents = Object.entries(benchmarks).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  return `Usage: npm run bench -- [name …] [--rounds n] [--plot] [--outage-seconds n] [--growth-transfers n]

${contents.join('\n')}

All of them unless named, each on a stack of its own.

  --rounds n            how often ours and its yardstick are measured, in turns (3)
  --plot                draws each as .payfan/bench/<name>.svg
  --outage-seconds n    how long the broker is away in \`outage\` (60)
  --growth-transfers n  how many the largest system of \`growth\` has made before (5000000, which take 10 GB of
                        disk and some minutes to write)

Results are also in .payfan/bench/<name>.json. The exit code is 0 if every figure keeps its limit, 1 if one
does not or cannot be had, 2 if the arguments make no sense, 130 after Ctrl-C.
`;
}
