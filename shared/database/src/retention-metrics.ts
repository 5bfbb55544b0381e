import { Counter, type Registry } from 'prom-client';
import type { Retention } from './retention.ts';

/** Shows on `/metrics` how many rows were removed for their age, and how the sweeps ended. */
export function registerRetentionMetrics(
  registry: Registry,
  { removed, sweeps }: Pick<Retention, 'removed' | 'sweeps'>,
): void {
  const registers = [registry];
  const rows = new Counter<'table'>({
    name: 'retention_rows_removed_total',
    help: 'Rows removed for their age since this process started',
    labelNames: ['table'],
    registers,
    collect() {
      // The retention counts; here the counts only become a counter.
      rows.reset();
      for (const [table, count] of Object.entries(removed)) rows.inc({ table }, count);
    },
  });
  const ended = new Counter<'outcome'>({
    name: 'retention_sweeps_total',
    help: 'Sweeps for old rows by how they ended; busy: another process was at it',
    labelNames: ['outcome'],
    registers,
    collect() {
      ended.reset();
      for (const [outcome, count] of Object.entries(sweeps)) ended.inc({ outcome }, count);
    },
  });
}
