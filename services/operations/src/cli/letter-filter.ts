import { DEAD_LETTER_REASONS, LANES } from '@payfan/contracts';
import { InvalidArgumentError, Option, type Command } from 'commander';

/** The filter as the command line has it. */
export interface FilterOptions {
  channel?: string;
  reason?: string;
  group?: string;
  transfer?: string;
  payout?: string;
  lane?: string;
  state?: string;
  since?: string;
  until?: string;
  q?: string;
}

export function withFilterOptions(command: Command): Command {
  return command
    .option('--channel <name>', 'of one channel, such as email')
    .addOption(new Option('--reason <reason>', 'why it was given up').choices(DEAD_LETTER_REASONS))
    .option('--group <text>', 'of exactly this group, as `list --groups` shows it')
    .option('--transfer <id>', 'of one transfer')
    .option('--payout <id>', 'of one payout: of its transfers, and of the whole')
    .addOption(new Option('--lane <lane>', 'of one lane').choices(LANES))
    .option('--since <time>', 'last died at or after: a time (2026-11-24T08:00Z), or 30m, 2h, 7d ago', toTime)
    .option('--until <time>', 'last died before, likewise', toTime)
    .option('--q <text>', 'found in the error or in the message');
}

/** The filter as the API has it; what was not said is left out. */
export function toFilter(options: FilterOptions): Record<string, string> {
  const {
    channel,
    reason,
    group,
    transfer: transferId,
    payout: payoutId,
    lane,
    state,
    since,
    until,
    q,
  } = options;
  const filter = { channel, reason, group, transferId, payoutId, lane, state, since, until, q };
  return Object.fromEntries(
    Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function toTime(text: string): string {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const time =
    unit === undefined
      ? Date.parse(text)
      : Date.now() - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (Number.isNaN(time)) throw new InvalidArgumentError('It must be a time, or so long ago: 30m, 2h, 7d.');
  return new Date(time).toISOString();
}

/** Makes the parser of a whole number. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}
