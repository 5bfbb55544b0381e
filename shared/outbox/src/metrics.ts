import { Counter, Gauge, type Registry } from 'prom-client';
import type { OutboxState } from './outbox-store.ts';
import type { Outbox } from './outbox.ts';

/** The part of an outbox that the metrics read. */
export type MeasuredOutbox = Pick<Outbox, 'state' | 'counters'>;

const UNKNOWN: OutboxState = { waiting: -1, oldestAgeSeconds: -1, oldestXminAge: -1, deadRows: -1 };

const GAUGES: { name: string; help: string; value: keyof OutboxState }[] = [
  {
    name: 'outbox_waiting',
    help: 'Committed events that the broker has not confirmed, or had less than 100 ms ago; -1 while the database does not answer',
    value: 'waiting',
  },
  {
    name: 'outbox_oldest_age_seconds',
    help: 'Age of the oldest event that the broker has not confirmed, or had less than 100 ms ago; -1 while the database does not answer',
    value: 'oldestAgeSeconds',
  },
  {
    name: 'outbox_oldest_xmin_age',
    help: 'Transactions since the oldest snapshot (session, standby, slot) that keeps dead rows from vacuum; -1 if not known',
    value: 'oldestXminAge',
  },
  {
    name: 'outbox_dead_rows',
    help: 'Removed rows of the outbox that vacuum has not cleared yet, as PostgreSQL estimates; -1 if not known',
    value: 'deadRows',
  },
];

/** Shows on `/metrics` how much the outbox holds, for how long, what slows it, and what happened to events. */
export function registerOutboxMetrics(registry: Registry, outbox: MeasuredOutbox): void {
  // Gauges are collected side by side: each asks for itself, and one query answers all.
  let asked: Promise<OutboxState> | undefined;
  const ask = () =>
    (asked ??= outbox
      .state()
      .catch(() => UNKNOWN)
      .finally(() => (asked = undefined)));
  for (const { name, help, value } of GAUGES) {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        gauge.set((await ask())[value]);
      },
    });
  }
  const events = new Counter<'what'>({
    name: 'outbox_events_total',
    help: 'Events since this process started, by what happened to them',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      // The outbox counts; here the counts only become a counter.
      events.reset();
      for (const [what, count] of Object.entries<number>({ ...outbox.counters })) events.inc({ what }, count);
    },
  });
}
