import { transactionTopology } from '@payfan/contracts';
import { openDatabase, openPresence, openRetention, registerRetentionMetrics } from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import { Outbox, registerOutboxMetrics } from '@payfan/outbox';
import {
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  httpSettings,
  main,
  runParts,
  newId,
} from '@payfan/service';
import { config } from './config.ts';
import { routes } from './http/routes.ts';
import { KeyOwners } from './key-owners.ts';
import { limitsOf } from './limits.ts';
import { SigningKeys } from './signing-keys.ts';
import { LIMITER_POOL, RateLimiter } from './rate-limiter.ts';

main(async () => {
  const settings = config();
  const {
    PORT,
    LOG_LEVEL,
    DATABASE_URL,
    DATABASE_CONNECTIONS,
    AMQP_URL,
    CHANNELS,
    KNOWN_KEYS,
    ALLOWED_ORIGINS,
    GROUP_MAX,
    QUEUE_MAX,
    BULK_TIME_PERCENT,
    IDEMPOTENCY_KEY_DAYS,
  } = settings;
  const name = 'transaction';
  const logger = createLogger({ service: name, level: LOG_LEVEL });
  const metrics = createMetrics(name);

  const database = openDatabase({ url: DATABASE_URL, name, max: DATABASE_CONNECTIONS });
  const broker = openBroker({ urls: AMQP_URL, name, log: logger, topology: transactionTopology(CHANNELS) });
  const relayId = newId();
  const presence = openPresence({ url: DATABASE_URL, name, id: relayId });
  const outbox = new Outbox({ database, broker, log: logger, relayId });
  registerOutboxMetrics(metrics, outbox);
  const limiterDatabase = openDatabase({ url: DATABASE_URL, name: `${name} limits`, ...LIMITER_POOL });
  const limiter = new RateLimiter({ database: limiterDatabase, logger, metrics });
  const tables = [
    { table: 'idempotency_keys', days: IDEMPOTENCY_KEY_DAYS },
    { table: 'web_sessions', days: 1 },
    // A bucket that is full again is the same as none.
    { table: 'rate_limits', days: 0 },
  ];
  const retention = openRetention({ url: DATABASE_URL, name, log: logger, tables });
  registerRetentionMetrics(metrics, retention);

  const keys = new KeyOwners(database, KNOWN_KEYS);
  const signingKeys = await SigningKeys.open({ database, encryption: settings.KEY_ENCRYPTION_KEY, logger });

  // Money moves without the broker: events wait in the outbox.
  const health = createHealth({
    database: () => database.ping(),
    broker: { check: () => broker.ping(), required: 'never' },
  });
  const http = httpSettings(settings);
  const api = routes({
    http,
    database,
    outbox,
    signingKeys,
    keys,
    logger,
    health,
    metrics,
    allowedOrigins: ALLOWED_ORIGINS,
    newId,
    now: () => new Date(),
    groupMax: GROUP_MAX,
    queueMax: QUEUE_MAX,
    bulkShare: BULK_TIME_PERCENT / 100,
    keyDays: IDEMPOTENCY_KEY_DAYS,
    limits: limitsOf(settings),
    limiter,
  });

  await runParts({
    logger,
    health,
    parts: [
      database,
      presence,
      broker,
      outbox,
      limiter,
      signingKeys,
      httpServer({ api, http, port: PORT, logger }),
      retention,
    ],
  });
});
