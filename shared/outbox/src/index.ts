export { Outbox, type EventBroker, type OutboxCounters, type OutboxOptions } from './outbox.ts';
export { registerOutboxMetrics } from './metrics.ts';
export type { OutboxEvent, OutboxRow, OutboxState } from './outbox-store.ts';
