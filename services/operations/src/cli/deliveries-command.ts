import type { Delivery } from '@payfan/contracts';
import type { Command } from 'commander';
import { Timeline } from '../answers.ts';
import { connect, sayUnavailable, withCommonOptions, type Around, type CommonOptions } from './connection.ts';
import { renderTable, type Column } from './table.ts';

/** `deliveries <transfer>`: who was told of it, and how. */
export function addDeliveriesCommand(program: Command, around: Around): void {
  const deliveries = program
    .command('deliveries')
    .description('how payer and payee were told of a transfer')
    .argument('<transfer>', 'its id')
    .addHelpText('after', '\nExample:\n  $ npm run payfan -- deliveries 01a20cc5-e0e8-722d-9423-a86d180875fd')
    .action((transfer: string, options: CommonOptions) => showDeliveries(around, transfer, options));
  withCommonOptions(deliveries);
}

async function showDeliveries(around: Around, transfer: string, options: CommonOptions): Promise<void> {
  const path = `v1/transfers/${encodeURIComponent(transfer)}/deliveries`;
  const timeline = await connect(around, options).get(path, Timeline);
  if (options.json) around.terminal.print(JSON.stringify(timeline));
  else if (timeline.data.length === 0) around.terminal.print('Nobody was told of it yet.');
  else around.terminal.print(renderTable(around.terminal, COLUMNS, timeline.data));
  sayUnavailable(around, timeline.unavailable);
}

const COLOURS = { sent: 'green', dead: 'red', retrying: 'yellow', sending: undefined } as const;

const COLUMNS: readonly Column<Delivery>[] = [
  { head: 'CHANNEL', cell: ({ channel }) => channel },
  { head: 'ROLE', cell: ({ role }) => role },
  { head: 'RECIPIENT', cell: ({ recipient }) => recipient },
  { head: 'STATUS', cell: ({ status }) => status, style: ({ status }) => COLOURS[status] },
  { head: 'ATTEMPTS', cell: ({ attempts }) => attempts },
  { head: 'PROVIDER', cell: ({ provider }) => provider ?? '-' },
  { head: 'LATENCY', cell: ({ latencyMs }) => (latencyMs === null ? '-' : `${latencyMs} ms`) },
  { head: 'PAUSED', cell: ({ pausedSeconds }) => (pausedSeconds === 0 ? '-' : `${pausedSeconds} s`) },
  { head: 'ERROR', cell: ({ error }) => error ?? '' },
];
