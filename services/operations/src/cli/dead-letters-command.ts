import { DeadLetterDetail, DeadLetterId, type DeadLetter, type DeadLetterGroup } from '@payfan/contracts';
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { LetterGroups, LetterPage } from '../answers.ts';
import { connect, sayUnavailable, withCommonOptions, type Around, type CommonOptions } from './connection.ts';
import { toFilter, wholeNumber, withFilterOptions, type FilterOptions } from './letter-filter.ts';
import type { OperationsClient } from './operations-client.ts';
import { addReplayCommand } from './replay-command.ts';
import { renderTable, shortTime, type Column } from './table.ts';
import { harmless } from './terminal.ts';

const PAGE = 200;

/** `dead-letters list|show|replay`. */
export function addDeadLettersCommand(program: Command, around: Around): void {
  const letters = program.command('dead-letters').description('what was given up, and its replay');
  const list = letters
    .command('list')
    .description('dead letters of all channels, newest first')
    .option('--groups', 'how many died of what, instead of each one')
    .addOption(
      new Option('--state <state>', 'what was done about it')
        .choices(['open', 'replayed', 'all'])
        .default('open'),
    )
    .option('--limit <n>', 'at most so many', wholeNumber(1, 100_000), 50)
    .addHelpText(
      'after',
      `
Examples:
  $ npm run payfan -- dead-letters list --groups
  $ npm run payfan -- dead-letters list --channel email --reason rejected --since 2h`,
    )
    .action((options: ListOptions) => listLetters(around, options));
  withCommonOptions(withFilterOptions(list));

  const show = letters
    .command('show')
    .description('one dead letter, with its message and what was done about it')
    .addArgument(new Argument('<id>', 'as `list` shows it').argParser(letterId))
    .addHelpText('after', '\nExample:\n  $ npm run payfan -- dead-letters show email-17')
    .action((id: string, options: CommonOptions) => showLetter(around, id, options));
  withCommonOptions(show);

  addReplayCommand(letters, around);
}

interface ListOptions extends CommonOptions, FilterOptions {
  groups?: true;
  limit: number;
}

async function listLetters(around: Around, options: ListOptions): Promise<void> {
  const { terminal } = around;
  const operations = connect(around, options);
  const filter = toFilter(options);
  if (options.groups) {
    const groups = await operations.get('v1/dead-letters/groups', LetterGroups, filter);
    const shown = options.json ? JSON.stringify(groups) : renderTable(terminal, GROUP_COLUMNS, groups.data);
    terminal.print(options.json || groups.data.length > 0 ? shown : 'No dead letters.');
    sayUnavailable(around, groups.unavailable);
    return;
  }
  const page = await readPages(operations, filter, options.limit);
  if (options.json) terminal.print(JSON.stringify(page));
  else if (page.data.length === 0) terminal.print('No dead letters.');
  else terminal.print(renderTable(terminal, LETTER_COLUMNS, page.data));
  if (page.nextCursor !== null) terminal.note('There are more: see --limit, and the filters.');
  sayUnavailable(around, page.unavailable);
}

/** Page after page up to `limit` letters. */
async function readPages(
  operations: OperationsClient,
  filter: Record<string, string>,
  limit: number,
): Promise<LetterPage> {
  const data: DeadLetter[] = [];
  const unavailable = new Set<string>();
  let after: string | undefined;
  for (;;) {
    const query = { ...filter, limit: Math.min(PAGE, limit - data.length), after };
    const page = await operations.get('v1/dead-letters', LetterPage, query);
    data.push(...page.data);
    for (const channel of page.unavailable) unavailable.add(channel);
    // An empty page that goes on is one of a channel that does not answer.
    if (page.nextCursor === null || page.data.length === 0 || data.length >= limit) {
      return { data, nextCursor: page.nextCursor, unavailable: [...unavailable] };
    }
    after = page.nextCursor;
  }
}

async function showLetter(around: Around, id: string, options: CommonOptions): Promise<void> {
  const { terminal } = around;
  const letter = await connect(around, options).get(`v1/dead-letters/${id}`, DeadLetterDetail);
  if (options.json) {
    terminal.print(JSON.stringify(letter));
    return;
  }
  const { body, bodyBase64: _, headers, history, ...rest } = letter;
  const lines = Object.entries({ ...rest, headers: JSON.stringify(headers) }).map(
    ([name, value]) => `${terminal.paint('bold', name.padEnd(10))}  ${harmless(String(value ?? '-'))}`,
  );
  const replays = history.map(({ at, by }) => `  ${shortTime(at)} UTC by ${harmless(by)}`);
  terminal.print(
    [
      ...lines,
      ...(replays.length === 0 ? [] : ['', terminal.paint('bold', 'replayed'), ...replays]),
      '',
      terminal.paint('bold', 'message'),
      harmless(indented(body)),
    ].join('\n'),
  );
}

/** JSON laid out for reading; anything else as it is. */
function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function letterId(text: string): string {
  if (DeadLetterId.safeParse(text).success) return text;
  throw new InvalidArgumentError('It must be a channel and a number, such as email-17.');
}

const LETTER_COLUMNS: readonly Column<DeadLetter>[] = [
  { head: 'ID', cell: ({ id }) => id },
  { head: 'LAST DIED (UTC)', cell: ({ lastAt }) => shortTime(lastAt) },
  { head: 'REASON', cell: ({ reason }) => reason },
  { head: 'LANE', cell: ({ lane }) => lane ?? '-' },
  { head: 'DIED', cell: ({ times }) => times },
  {
    head: 'STATE',
    cell: ({ state }) => state,
    style: ({ state }) => (state === 'open' ? 'red' : 'green'),
  },
  { head: 'ERROR', cell: ({ error }) => error },
];

const GROUP_COLUMNS: readonly Column<DeadLetterGroup>[] = [
  { head: 'COUNT', cell: ({ count }) => count },
  { head: 'CHANNEL', cell: ({ channel }) => channel },
  { head: 'REASON', cell: ({ reason }) => reason },
  { head: 'NEWEST (UTC)', cell: ({ newestAt }) => shortTime(newestAt) },
  { head: 'SAMPLE', cell: ({ sampleId }) => sampleId },
  { head: 'GROUP', cell: ({ group }) => group },
];
