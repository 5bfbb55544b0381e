import {
  isDatabaseAway,
  openDatabase,
  openPresence,
  openRetention,
  registerRetentionMetrics,
  type Database,
} from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  httpSettings,
  Problem,
  remoteAuthenticator,
  runParts,
  newId,
} from '@payfan/service';
import { createChannel } from './channel.ts';
import { systemClock } from './clock.ts';
import type { ChannelConfig } from './config.ts';
import { deadLetterRoutes } from './http/dead-letters.ts';
import { deliveryRoutes } from './http/deliveries.ts';
import { channelMetrics, registerOpenLetters } from './metrics.ts';
import type { ChannelDefinition } from './provider.ts';
import { topologyOf } from './topology-of.ts';

/** Runs a channel's whole program: consumers, API, health, metrics, shutdown. */
export async function runChannel<Message>(
  config: ChannelConfig,
  define: (around: { database: Database }) => ChannelDefinition<Message>,
): Promise<void> {
  const database = openDatabase({
    url: config.DATABASE_URL,
    name: 'channel',
    max: config.DATABASE_CONNECTIONS,
  });
  const definition = define({ database });
  const { name } = definition;
  const logger = createLogger({ service: name, level: config.LOG_LEVEL });
  const registry = createMetrics(name);
  const metrics = channelMetrics(registry);
  registerOpenLetters(registry, database);
  for (const metric of definition.metrics ?? []) registry.registerMetric(metric);
  const broker = openBroker({ urls: config.AMQP_URL, name, log: logger, topology: topologyOf(definition) });
  const claimantId = newId();
  const presence = openPresence({ url: config.DATABASE_URL, name, id: claimantId });
  const channel = createChannel({
    definition,
    database,
    broker,
    logger,
    metrics,
    claimantId,
    concurrency: config.CONCURRENCY,
    bulkShare: config.BULK_CPU_PERCENT / 100,
    sendTimeoutMs: config.SEND_TIMEOUT_MS,
    random: Math.random,
    clock: systemClock,
    giveUpAfterMs: config.GIVE_UP_AFTER_HOURS * 3_600_000,
  });
  const days = config.DELIVERY_DAYS;
  const retention = openRetention({
    url: config.DATABASE_URL,
    name,
    log: logger,
    // A delivery stays for as long as its dead letter does, so the letters go first.
    tables: [{ table: 'dead_letters', days }, { table: 'deliveries', days }, ...(definition.forgets ?? [])],
  });
  registerRetentionMetrics(registry, retention);

  // Timelines, dead letters and feeds are read from the database, also while the broker is away.
  const health = createHealth({
    database: () => database.ping(),
    broker: { check: () => broker.ping(), required: 'once' },
  });
  const http = httpSettings(config);
  const api = createApi({
    title: `Payfan ${name}`,
    description: `What became of alerts by ${name}.`,
    version: '1.0.0',
    http,
    logger,
    health,
    metrics: registry,
    allowedOrigins: config.ALLOWED_ORIGINS,
    authenticate: remoteAuthenticator({
      transactionUrl: config.TRANSACTION_URL,
      serviceKey: config.SERVICE_KEY,
    }),
    problemFor: databaseAway,
  });
  deliveryRoutes(api, { name, database });
  deadLetterRoutes(api, { channel: name, database, broker, logger, metrics, nowMs: systemClock.nowMs });
  definition.routes?.(api);
  const own = definition.parts?.({ logger }) ?? [];

  await runParts({
    logger,
    health,
    parts: [
      ...[database, presence, broker, ...own, channel],
      ...[httpServer({ api, http, port: config.PORT, logger }), retention],
    ],
  });
}

function databaseAway(error: unknown): Problem | undefined {
  if (!isDatabaseAway(error)) return undefined;
  return new Problem({
    status: 503,
    code: 'temporarily_unavailable',
    detail: 'The database does not answer at the moment.',
    retryAfterSeconds: 2,
    cause: error,
  });
}
