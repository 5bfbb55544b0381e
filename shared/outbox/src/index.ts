export { Outbox, type EventBroker, type OutboxCounters, type OutboxOptions } from './outbox.ts';
export { registerOutboxMetrics } from './metrics.ts';
export type { Lease, OutboxEvent, OutboxRow, OutboxState } from './outbox-store.ts';
