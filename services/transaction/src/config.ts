import { CHANNEL_NAME } from '@payfan/contracts';
import { configFields, httpConfigFields, readConfig } from '@payfan/service';
import { z } from 'zod';
import { DEMO_GRANTS, DEMO_SERVICE } from './demo-accounts.ts';
import { parseServiceGrants, type ServiceGrants } from './service-grants.ts';
import { parseServiceKeys } from './service-keys.ts';

const TransactionConfig = z.object({
  PORT: configFields.port(4000),
  ...httpConfigFields,
  LOG_LEVEL: configFields.logLevel,
  /** Pages that may use the API. */
  ALLOWED_ORIGINS: configFields.origins,
  DATABASE_URL: configFields.databaseUrl,
  AMQP_URL: configFields.amqpUrl,
  /** Connections to PostgreSQL: three groups of transfers under way, the outbox, and reads. */
  DATABASE_CONNECTIONS: configFields.integer({ min: 4, max: 200, default: 10 }),
  /** How long a client may repeat a request under its key. The database refuses less than 7. */
  IDEMPOTENCY_KEY_DAYS: configFields.integer({ min: 7, max: 3_650, default: 30 }),
  /**
   * Transfers in one commit at most. Groups grow only while a commit is under way, so this bounds a burst: with
   * 256 accounts are locked for a few milliseconds. 1 commits each transfer by itself.
   */
  GROUP_MAX: configFields.integer({ min: 1, max: 1_000, default: 256 }),
  /** Transfers that may wait for their commit, on each lane. Some seconds' worth: nobody should wait longer to be refused. */
  QUEUE_MAX: configFields.integer({ min: 1, max: 1_000_000, default: 5_000 }),
  /** Of the time, what lines of payouts may take while people send money; payouts alone take all. */
  BULK_TIME_PERCENT: configFields.integer({ min: 1, max: 100, default: 5 }),
  /** Opens the demo accounts, with keys that everybody knows. Never where money is real. */
  PAYFAN_DEMO: configFields.flag(false),
  /** Keys of services (role `service`). Those of a name that stand here no more are revoked at the next start. */
  SERVICE_KEYS: z
    .string()
    .transform((list, context) => {
      const keys = parseServiceKeys(list);
      if (keys !== undefined) return keys;
      context.addIssue({ code: 'custom' });
      return z.NEVER;
    })
    .default([])
    .describe('name=key pairs separated by commas, each key once, such as gateway=a-long-random-text'),
  /** What services may do, by the names of SERVICE_KEYS. */
  SERVICE_GRANTS: configFields.text(''),
  TRANSFERS_PER_MINUTE: configFields.integer({ default: 60, max: 1_000_000 }),
  TRANSFERS_TO_ONE_PAYEE_PER_HOUR: configFields.integer({ default: 30, max: 1_000_000 }),
  UNKNOWN_PAYEES_PER_HOUR: configFields.integer({ default: 20, max: 1_000_000 }),
  WRONG_KEYS_PER_MINUTE: configFields.integer({ default: 30, max: 1_000_000 }),
  TOKENS_PER_MINUTE: configFields.integer({ default: 60, max: 1_000_000 }),
  /** Channels whose queues are declared before anything is published, in case they never ran yet. */
  CHANNELS: z
    .string()
    .default('push,phone,email')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => CHANNEL_NAME.test(name)))
    .describe('names of channels separated by commas, such as push,phone,email'),
});

/** As the environment has it; in a demo with the grants of the demo's service. */
export function config() {
  const settings = readConfig(TransactionConfig);
  const names = new Set(settings.SERVICE_KEYS.map(({ name }) => name));
  const granted = parseServiceGrants(settings.SERVICE_GRANTS, names);
  const SERVICE_GRANTS: ServiceGrants = settings.PAYFAN_DEMO
    ? new Map([[DEMO_SERVICE, DEMO_GRANTS], ...granted])
    : granted;
  return { ...settings, SERVICE_GRANTS };
}
