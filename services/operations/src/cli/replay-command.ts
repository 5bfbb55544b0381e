import { DeadLetterId, REPLAY_LIMIT } from '@payfan/contracts';
import { InvalidArgumentError, type Command } from 'commander';
import type { ReplayOutcome } from '../answers.ts';
import { connect, sayUnavailable, withCommonOptions, type Around, type CommonOptions } from './connection.ts';
import { EXIT, UsageError } from './errors.ts';
import { onInterruption } from './interruption.ts';
import { toFilter, wholeNumber, withFilterOptions, type FilterOptions } from './letter-filter.ts';
import { countLetters, replayAll, type Selection } from './replaying.ts';

interface ReplayOptions extends CommonOptions, FilterOptions {
  all?: true;
  dryRun?: true;
  rate: number;
  yes?: true;
}

/** `dead-letters replay`: says what it would do, asks, and does it in small steps. */
export function addReplayCommand(letters: Command, around: Around): void {
  const replay = letters
    .command('replay')
    .description('send open dead letters round again; nobody is told twice, however often it is called')
    .argument('[ids...]', 'as `list` shows them; without ids, those that the filter matches', toIds)
    .option('--all', 'every open letter')
    .option('--dry-run', 'only say how many there are')
    .option('--rate <n>', 'letters a second, on each channel', wholeNumber(1, 1_000), 50)
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      `
Examples:
  $ npm run payfan -- dead-letters replay email-17 email-18
  $ npm run payfan -- dead-letters replay --channel email --since 2h --dry-run
  $ npm run payfan -- dead-letters replay --all --rate 10 --yes`,
    )
    .action((ids: string[], options: ReplayOptions) => replayLetters(around, ids, options));
  withCommonOptions(withFilterOptions(replay));
}

async function replayLetters(around: Around, ids: string[], options: ReplayOptions): Promise<void> {
  const { terminal, exitWith } = around;
  const wanted = selectionOf(ids, options);
  if (!options.dryRun && !options.yes && !terminal.interactive) {
    throw new UsageError('Nobody is here to be asked: say --yes to replay, or --dry-run to count.');
  }
  const operations = connect(around, options);
  const counted = await countLetters(operations, wanted);
  const { matched } = counted.outcome;
  if (options.dryRun || matched === 0) {
    tell(around, options, counted.outcome, `${letterCount(matched)} would be replayed.`);
    return;
  }
  terminal.note(`${letterCount(matched)} to be replayed, at most ${options.rate} a second on each channel.`);
  const decision = options.yes ? 'yes' : await terminal.confirm('Go on?');
  if (decision !== 'yes') {
    terminal.note('Nothing was replayed.');
    exitWith(decision === 'interrupted' ? EXIT.interrupted : EXIT.failed);
    return;
  }
  const { interrupted, stopListening } = onInterruption();
  const outcome = await replayAll(operations, counted, {
    ratePerSecond: options.rate,
    interrupted,
    onProgress: ({ replayed, remaining }) => terminal.progress(`Replayed ${replayed}, ${remaining} left`),
  }).finally(() => {
    stopListening();
    terminal.endProgress();
  });
  const left = outcome.remaining === 0 ? '' : `, ${outcome.remaining} left`;
  const how = interrupted.aborted ? 'Interrupted: ' : '';
  tell(around, options, outcome, `${how}${letterCount(outcome.replayed)} replayed${left}.`);
  if (outcome.remaining > 0) exitWith(EXIT.failed);
  if (interrupted.aborted) exitWith(EXIT.interrupted);
}

function tell(around: Around, { json }: CommonOptions, outcome: ReplayOutcome, sentence: string): void {
  const { refused } = outcome;
  around.terminal.print(json ? JSON.stringify(outcome) : sentence);
  if (refused > 0) {
    around.terminal.note(
      `${letterCount(refused)} cannot be replayed: not sent by the service that publishes such events.`,
    );
  }
  sayUnavailable(around, outcome.unavailable);
}

/** Ids, or a filter, or --all, and never two of them: it must be plain which letters are meant. */
function selectionOf(ids: readonly string[], options: ReplayOptions): Selection {
  const filter = toFilter(options);
  const ways = [ids.length > 0, Object.keys(filter).length > 0, options.all === true].filter(Boolean).length;
  if (ways === 0) {
    throw new UsageError(
      'Say which: ids, or a filter such as --channel email, or --all for every open letter.',
    );
  }
  if (ways > 1) throw new UsageError('Say which in one way: ids, or a filter, or --all.');
  return ids.length > 0 ? { ids } : { filter };
}

function toIds(text: string, before: string[] | undefined): string[] {
  const ids = [...(before ?? []), text];
  if (!DeadLetterId.safeParse(text).success) {
    throw new InvalidArgumentError('It must be a channel and a number, such as email-17.');
  }
  if (ids.length > REPLAY_LIMIT)
    throw new InvalidArgumentError(`At most ${REPLAY_LIMIT} at once; use a filter.`);
  return ids;
}

const letterCount = (count: number) => (count === 1 ? '1 dead letter' : `${count} dead letters`);
