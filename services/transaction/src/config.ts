import { CHANNEL_NAME } from '@payfan/contracts';
import { ConfigError, configFields, encryptionKeyField, httpConfigFields, readConfig } from '@payfan/service';
import { z } from 'zod';
import { DEMO_KEYS } from './demo-accounts.ts';
import type { KnownKey } from './key-owners.ts';
import { parseNamedKeys, SHORTEST_KEY_LENGTH } from './named-keys.ts';
import { parseServiceGrants } from './service-grants.ts';

const namedKeys = (example: string) =>
  z
    .string()
    .transform((list, context) => {
      const keys = parseNamedKeys(list);
      if (keys !== undefined) return keys;
      context.addIssue({ code: 'custom' });
      return z.NEVER;
    })
    .default([])
    .describe(`name=key pairs separated by commas, each key once, such as ${example}=a-long-random-text`);

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
  /** Keys of services. A key that is taken out here is invalid from the next start on. */
  SERVICE_KEYS: namedKeys('gateway'),
  /** Keys of operators, likewise. */
  OPERATOR_KEYS: namedKeys('mira'),
  /** What services may do, by the names of SERVICE_KEYS. */
  SERVICE_GRANTS: configFields.text(''),
  TRANSFERS_PER_MINUTE: configFields.integer({ default: 60, max: 1_000_000 }),
  TRANSFERS_TO_ONE_PAYEE_PER_HOUR: configFields.integer({ default: 30, max: 1_000_000 }),
  UNKNOWN_PAYEES_PER_HOUR: configFields.integer({ default: 20, max: 1_000_000 }),
  WRONG_KEYS_PER_MINUTE: configFields.integer({ default: 30, max: 1_000_000 }),
  TOKENS_PER_MINUTE: configFields.integer({ default: 60, max: 1_000_000 }),
  /** Encrypts the keys that sign tokens. */
  KEY_ENCRYPTION_KEY: encryptionKeyField,
  /** Channels whose queues are declared before anything is published, in case they never ran yet. */
  CHANNELS: z
    .string()
    .default('push,phone,email')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .refine((names) => names.every((name) => CHANNEL_NAME.test(name)))
    .describe('names of channels separated by commas, such as push,phone,email'),
});

/** @throws ConfigError for a wrong variable, and for a short key outside a demo */
export function config(env?: NodeJS.ProcessEnv) {
  const values = readConfig(TransactionConfig, env);
  if (!values.PAYFAN_DEMO) assertLongKeys(values);
  return { ...values, KNOWN_KEYS: knownKeys(values) };
}

type Keys = Pick<z.output<typeof TransactionConfig>, 'SERVICE_KEYS' | 'OPERATOR_KEYS'>;

function assertLongKeys(keys: Keys): void {
  for (const variable of ['SERVICE_KEYS', 'OPERATOR_KEYS'] as const) {
    const short = keys[variable].find(({ key }) => key.length < SHORTEST_KEY_LENGTH);
    if (short !== undefined) {
      throw new ConfigError(
        `The key of ${short.name} in ${variable} must have at least ${SHORTEST_KEY_LENGTH} characters, unless PAYFAN_DEMO is true. "openssl rand -hex 32" makes one.`,
      );
    }
  }
}

/** The keys that the environment makes valid, services' with their grants. */
function knownKeys({
  SERVICE_KEYS,
  SERVICE_GRANTS,
  OPERATOR_KEYS,
  PAYFAN_DEMO,
}: z.output<typeof TransactionConfig>): KnownKey[] {
  const grantsOf = parseServiceGrants(SERVICE_GRANTS, new Set(SERVICE_KEYS.map(({ name }) => name)));
  return [
    ...SERVICE_KEYS.map(({ name, key }): KnownKey => ({
      key,
      owner: { kind: 'service', name, grants: grantsOf.get(name) ?? [] },
    })),
    ...OPERATOR_KEYS.map(({ name, key }): KnownKey => ({ key, owner: { kind: 'operator', name } })),
    ...(PAYFAN_DEMO ? DEMO_KEYS : []),
  ];
}
