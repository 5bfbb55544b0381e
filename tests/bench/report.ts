import { renderTable } from '@payfan/stack/testing';
import type { Figure } from './figure.ts';
import { spread } from './statistics.ts';
import type { Surroundings } from './surroundings.ts';
import { amount, digits, verdict } from './verdict.ts';

/** What a benchmark came to, as it is kept in `.payfan/bench/<name>.json`. */
export interface BenchResult extends Surroundings {
  name: string;
  /** When it ended; ISO 8601. */
  at: string;
  figures: readonly Figure[];
}

/** The table of a benchmark's figures, and beneath it where they were measured. */
export function renderReport(result: BenchResult, { colours }: { colours: boolean }): string {
  const rows = result.figures.map((figure) => [
    figure.what,
    amount(figure.value, figure.unit),
    spreadOf(figure),
    limitOf(figure, colours),
  ]);
  const table = renderTable([[result.name, 'median', 'spread', 'limit'], ...rows]);
  return `${[table, '', ...describeSurroundings(result)].join('\n')}\n`;
}

/** In lines, for people. */
export function describeSurroundings({ machine, versions, commit }: Surroundings): string[] {
  const gibibytes = machine.memoryBytes / 1_024 ** 3;
  const cores = `${machine.cores} ${machine.cores === 1 ? 'core' : 'cores'} of ${machine.cpu}`;
  return [
    `${cores}, ${gibibytes.toFixed(gibibytes < 10 ? 1 : 0)} GiB of memory, ${machine.os}`,
    `Node.js ${versions.node}, PostgreSQL ${versions.postgres}, RabbitMQ ${versions.rabbitmq}, commit ${commit}`,
  ];
}

/** What misses its limit, each by its name. */
export const missed = (figures: readonly Figure[]): string[] =>
  figures.filter((figure) => verdict(figure)?.isMet === false).map(({ what }) => what);

/** How one benchmark ended. */
export interface Outcome {
  name: string;
  /** The figures beyond their limits, or that there are none at all because it failed. */
  missed: readonly string[] | 'all';
}

/** The last line of all; undefined when there is nothing to complain of. */
export function complaint(outcomes: readonly Outcome[]): string | undefined {
  const parts = outcomes
    .filter(({ missed }) => missed.length > 0)
    .map(({ name, missed }) =>
      missed === 'all' ? `${name} failed` : `${name} misses the limit of ${missed.map(quoted).join(', ')}`,
    );
  return parts.length === 0 ? undefined : `Not as wanted: ${parts.join('; ')}.`;
}

const quoted = (what: string) => `"${what}"`;

function spreadOf({ rounds = [] }: Figure): string {
  const between = spread(rounds);
  return between === undefined ? '' : `${digits(between.min)} – ${digits(between.max)}`;
}

function limitOf(figure: Figure, colours: boolean): string {
  const judged = verdict(figure);
  if (judged === undefined) return '';
  return colours ? `\u001b[${judged.isMet ? 32 : 31}m${judged.text}\u001b[0m` : judged.text;
}
