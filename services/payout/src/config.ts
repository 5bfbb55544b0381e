import { CHANNEL_NAME, MAX_BATCH_ITEMS, Tier } from '@payfan/contracts';
import { configFields, httpConfigFields, readConfig } from '@payfan/service';
import { z } from 'zod';

const common = {
  ...httpConfigFields,
  LOG_LEVEL: configFields.logLevel,
  DATABASE_URL: configFields.databaseUrl,
  AMQP_URL: configFields.amqpUrl,
  TRANSACTION_URL: configFields.httpUrl('http://127.0.0.1:4000'),
  SERVICE_KEY: configFields.serviceKey,
  /** Payout lines of one account to phone numbers without a wallet, beside a share of all lines; 0: no limit. */
  UNKNOWN_PAYEES_PER_HOUR: configFields.integer({ max: 1_000_000, default: 20 }),
  /** Channels whose queues are declared before anything is published, in case they never ran yet. */
  CHANNELS: z
    .string()
    .default('push,phone,email')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => CHANNEL_NAME.test(name)))
    .describe('names of channels separated by commas, such as push,phone,email'),
};

const ApiConfig = z.object({
  ...common,
  PORT: configFields.port(4020),
  /** Pages that may use the API. */
  ALLOWED_ORIGINS: configFields.origins,
  /**
   * Lines that are paid in one call: a turn on the lane. Few make turns short and calls many; 200 is what
   * transaction commits at once, without keeping it from people for long.
   */
  CHUNK_ITEMS: configFields.integer({ min: 1, max: MAX_BATCH_ITEMS, default: 200 }),
  /** Lines of one payout to one payee, as of single transfers in the transaction service; 0 switches the limit off. */
  TRANSFERS_TO_ONE_PAYEE_PER_HOUR: configFields.integer({ max: 1_000_000, default: 30 }),
  /** How long finished payouts are kept, and their keys with them. The database refuses less than 30. */
  PAYOUT_DAYS: configFields.integer({ min: 30, max: 3_650, default: 90 }),
});

/** Of the API. */
export const apiConfig = () => readConfig(ApiConfig);

const BY_LANE = { premium: { port: 4021, concurrency: 4 }, free: { port: 4022, concurrency: 1 } };

const WorkerConfig = z.object({
  ...common,
  LANE: Tier.describe('premium or free'),
  PORT: configFields.port().optional().describe('a whole number from 0 to 65535'),
  /** Chunks under way at once: how big the worker is. */
  CONCURRENCY: configFields.integer({ min: 1, max: 100 }).optional().describe('a whole number from 1 to 100'),
  /** Whether a premium worker also takes turns of the free lane, one at a time, beside its own. */
  HELPS_FREE: configFields.flag(false),
  BATCH_TIMEOUT_MS: configFields.integer({ min: 1_000, max: 40_000, default: 15_000 }),
});

/** Of a worker; its port and size follow from its lane unless told. */
export function workerConfig() {
  const { PORT, CONCURRENCY, ...rest } = readConfig(WorkerConfig);
  const { port, concurrency } = BY_LANE[rest.LANE];
  return { ...rest, PORT: PORT ?? port, CONCURRENCY: CONCURRENCY ?? concurrency };
}
