import { Gauge, type Registry } from 'prom-client';
import type { Outbox } from './outbox.ts';

/** The part of an outbox that the metrics read. */
export type MeasuredOutbox = Pick<Outbox, 'waiting' | 'counters'>;

/** Shows on `/metrics` how much the outbox holds, for how long, and what happened to events. */
export function registerOutboxMetrics(registry: Registry, outbox: MeasuredOutbox): void {
  // Gauges are collected side by side: each asks for itself, and one query answers both.
  let asked: ReturnType<Outbox['waiting']> | undefined;
  const ask = () =>
    (asked ??= outbox
      .waiting()
      .catch(() => ({ waiting: -1, oldestAgeSeconds: -1 }))
      .finally(() => (asked = undefined)));
  const oldest = new Gauge({
    name: 'outbox_oldest_age_seconds',
    help: 'Age of the oldest event that the broker has not confirmed yet; -1 while the database does not answer',
    registers: [registry],
    async collect() {
      oldest.set((await ask()).oldestAgeSeconds);
    },
  });
  const waiting = new Gauge({
    name: 'outbox_waiting',
    help: 'Committed events that the broker has not confirmed yet; -1 while the database does not answer',
    registers: [registry],
    async collect() {
      waiting.set((await ask()).waiting);
    },
  });
  const events = new Gauge({
    name: 'outbox_events',
    help: 'Events since this process started, by what happened to them',
    labelNames: ['what'],
    registers: [registry],
    collect() {
      for (const [what, count] of Object.entries<number>({ ...outbox.counters })) events.set({ what }, count);
    },
  });
}
