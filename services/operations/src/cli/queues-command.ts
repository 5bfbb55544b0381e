import { setTimeout as delay } from 'node:timers/promises';
import { QueueList, type QueueStatus } from '@payfan/contracts';
import type { Command } from 'commander';
import { connect, withCommonOptions, type Around, type CommonOptions } from './connection.ts';
import { onInterruption } from './interruption.ts';
import { renderTable, type Column } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Looking oftener would show the same: the broker's own counts are up to 5 s old. */
const WATCH_INTERVAL_MS = 2_000;

/** `queues`: what waits, and where. */
export function addQueuesCommand(program: Command, around: Around): void {
  const queues = program
    .command('queues')
    .description("what waits, in the outbox and in each queue (RabbitMQ's own counts, up to 5 s old)")
    .option('--watch', 'show them again and again until Ctrl-C')
    .addHelpText('after', '\nExample:\n  $ npm run payfan -- queues --watch')
    .action((options: QueuesOptions) => (options.watch ? watch(around, options) : showOnce(around, options)));
  withCommonOptions(queues);
}

interface QueuesOptions extends CommonOptions {
  watch?: true;
}

async function showOnce(around: Around, options: QueuesOptions): Promise<void> {
  const list = await connect(around, options).get('v1/queues', QueueList);
  around.terminal.print(shown(around.terminal, options, list));
}

async function watch(around: Around, options: QueuesOptions): Promise<void> {
  const { terminal } = around;
  const operations = connect(around, options);
  const { interrupted, stopListening } = onInterruption();
  try {
    while (!interrupted.aborted) {
      const list = await operations.get('v1/queues', QueueList);
      if (!options.json) terminal.clear();
      terminal.print(shown(terminal, options, list));
      await delay(WATCH_INTERVAL_MS, undefined, { signal: interrupted }).catch(() => undefined);
    }
  } finally {
    stopListening();
  }
}

function shown(terminal: Terminal, { json }: CommonOptions, list: QueueList): string {
  if (json) return JSON.stringify(list);
  const { data, missing, outbox } = list;
  const waiting =
    outbox.waiting === null
      ? 'not known at the moment'
      : `${outbox.waiting} waiting${outbox.waiting > 0 ? `, the oldest for ${Math.round(outbox.oldestAgeSeconds ?? 0)} s` : ''}`;
  const lost = missing.length === 0 ? [] : ['', `Not there: ${missing.join(', ')}`];
  return [renderTable(terminal, COLUMNS, data), '', `Outbox: ${waiting}`, ...lost].join('\n');
}

/** Shown where the broker reports no count, because 0 would be a wrong count. */
const NOT_KNOWN = 'not known';

const COLUMNS: readonly Column<QueueStatus>[] = [
  { head: 'QUEUE', cell: ({ name }) => name },
  {
    head: 'READY',
    cell: ({ ready }) => ready ?? NOT_KNOWN,
    style: ({ kind, ready }) =>
      ready === 0 || ready === null ? undefined : kind === 'dead' ? 'red' : 'yellow',
  },
  {
    head: 'OLDEST',
    cell: ({ ready, oldestAgeSeconds }) =>
      ready === 0 || oldestAgeSeconds === null ? '' : `${Math.round(oldestAgeSeconds)} s`,
  },
  {
    head: 'PAUSED',
    cell: ({ pausedSeconds }) => (pausedSeconds ? `${Math.round(pausedSeconds)} s` : ''),
    style: ({ pausedSeconds }) => (pausedSeconds ? 'red' : undefined),
  },
  { head: 'UNACKED', cell: ({ unacked }) => unacked ?? NOT_KNOWN },
  {
    head: 'CONSUMERS',
    cell: ({ consumers }) => consumers ?? NOT_KNOWN,
    // The dead queue of payouts is looked at by people alone.
    style: ({ kind, channel, consumers }) =>
      kind !== 'retry' && !(kind === 'dead' && channel === 'payouts') && consumers === 0 ? 'red' : undefined,
  },
  { head: 'IN/S', cell: ({ publishRate }) => publishRate ?? NOT_KNOWN },
  { head: 'OUT/S', cell: ({ deliverRate }) => deliverRate ?? NOT_KNOWN },
];
