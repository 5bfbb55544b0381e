import { shortened } from '@payfan/contracts';
import Table from 'cli-table3';
import { harmless, type Terminal } from './terminal.ts';

export interface Column<Row> {
  head: string;
  cell: (row: Row) => string | number;
  /** Colours the cell of a row that deserves it. */
  style?: (row: Row) => 'red' | 'green' | 'yellow' | undefined;
}

const NO_BORDERS = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);
const GAP = 2;

/** Rows in columns, numbers to the right. On a screen the last column is cut to what is left of its width. */
export function renderTable<Row>(
  terminal: Terminal,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const texts = rows.map((row) => columns.map(({ cell }) => oneLine(String(cell(row)))));
  const last = columns.length - 1;
  const before = columns
    .slice(0, last)
    .map(({ head }, at) => Math.max(head.length, ...texts.map((line) => line[at]?.length ?? 0)) + GAP)
    .reduce((sum, width) => sum + width, 0);
  const room = terminal.width === undefined ? Infinity : Math.max(20, terminal.width - before - GAP);
  const table = new Table({
    head: columns.map(({ head }) => terminal.paint('bold', head)),
    chars: NO_BORDERS,
    colAligns: columns.map(({ cell }) =>
      rows.length > 0 && rows.every((row) => typeof cell(row) === 'number') ? 'right' : 'left',
    ),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
  });
  rows.forEach((row, line) => {
    table.push(
      columns.map(({ style }, at) => {
        const text = texts[line]?.[at] ?? '';
        const shown = at === last ? shortened(text, room) : text;
        const wanted = style?.(row);
        return wanted === undefined ? shown : terminal.paint(wanted, shown);
      }),
    );
  });
  return table.toString().replaceAll(/ +$/gm, '');
}

const oneLine = (text: string) => harmless(text).replaceAll(/\s+/g, ' ');

/** `2026-11-24 08:57:04`, in UTC as everything is stored. */
export function shortTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}
