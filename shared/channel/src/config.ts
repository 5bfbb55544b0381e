import { configFields, httpConfigFields } from '@payfan/service';
import type { z } from 'zod';

/**
 * Two more than the batches of one lane take, which are two claims and two records, and no more: each connection is a
 * process of PostgreSQL with plans of its own (docs/performance.md).
 */
export const CHANNEL_CONNECTIONS = 6;

/** Variables that every channel has. */
export const channelConfigFields = (defaults: { port: number; concurrency: number }) => ({
  PORT: configFields.port(defaults.port),
  ...httpConfigFields,
  LOG_LEVEL: configFields.logLevel,
  /** Pages that may use the API. */
  ALLOWED_ORIGINS: configFields.origins,
  DATABASE_URL: configFields.databaseUrl,
  /** To PostgreSQL, in the pool, at most. One more than a lane's batches may take: bulk never has all of them. */
  DATABASE_CONNECTIONS: configFields.integer({ min: 5, max: 200, default: CHANNEL_CONNECTIONS }),
  AMQP_URL: configFields.amqpUrl,
  TRANSACTION_URL: configFields.httpUrl('http://127.0.0.1:4000'),
  SERVICE_KEY: configFields.serviceKey,
  /** Deliveries under way at once, on each lane. */
  CONCURRENCY: configFields.integer({ min: 2, max: 2_000, default: defaults.concurrency }),
  /** How much of one processor's time a process may use for bulk, so that people's alerts find it free. */
  BULK_CPU_PERCENT: configFields.integer({ min: 1, max: 100, default: 3 }),
  /** An attempt without an answer by then counts as unknown. */
  SEND_TIMEOUT_MS: configFields.integer({ min: 100, max: 60_000, default: 10_000 }),
  /** An alert that still fails so long after its commit becomes a dead letter. */
  GIVE_UP_AFTER_HOURS: configFields.integer({ min: 1, max: 168, default: 24 }),
  /** How long deliveries that are settled, and dead letters that were replayed, are kept. The database refuses less than 30. */
  DELIVERY_DAYS: configFields.integer({ min: 30, max: 3_650, default: 90 }),
});

/** What they come to. */
export type ChannelConfig = z.output<z.ZodObject<ReturnType<typeof channelConfigFields>>>;
