import { payoutTopology } from '@payfan/contracts';
import { openDatabase, openPresence } from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import { Outbox, registerOutboxMetrics } from '@payfan/outbox';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  httpSettings,
  main,
  newId,
  runParts,
} from '@payfan/service';
import { BatchClient } from './batch-client.ts';
import { workerConfig } from './config.ts';
import { laneParts } from './lane.ts';

main(async () => {
  const settings = workerConfig();
  const { LANE: lane, DATABASE_URL: url } = settings;
  const name = `payout-worker-${lane}`;
  const logger = createLogger({ service: name, level: settings.LOG_LEVEL });
  const registry = createMetrics(name);
  const workerId = newId();

  // A turn needs one connection at a time; the outbox one more.
  const database = openDatabase({ url, name, max: settings.CONCURRENCY + 3 });
  const presence = openPresence({ url, name, id: workerId });
  const topology = payoutTopology(settings.CHANNELS);
  const broker = openBroker({ urls: settings.AMQP_URL, name, log: logger, topology });
  const outbox = new Outbox({ database, broker, log: logger, relayId: workerId });
  registerOutboxMetrics(registry, outbox);

  const batches = new BatchClient({
    transactionUrl: settings.TRANSACTION_URL,
    serviceKey: settings.SERVICE_KEY,
    timeoutMs: settings.BATCH_TIMEOUT_MS,
    logger,
    random: Math.random,
  });
  const work = laneParts({
    lane,
    concurrency: settings.CONCURRENCY,
    helpsFree: settings.HELPS_FREE,
    unknownPayeesPerHour: settings.UNKNOWN_PAYEES_PER_HOUR,
    ...{ workerId, database, broker, outbox, batches, registry, logger },
    ...{ newId, now: () => new Date() },
  });

  // Workers stay ready during an outage of the broker: a disruption budget protects unready pods from eviction,
  // so their nodes could not be drained.
  const health = createHealth({
    database: () => database.ping(),
    broker: { check: () => broker.ping(), required: 'once' },
  });
  const http = httpSettings(settings);
  const api = createApi({
    title: `Payfan payout worker, lane ${lane}`,
    description: 'Works off payouts. It answers nothing but probes.',
    version: '1.0.0',
    http,
    logger,
    health,
    metrics: registry,
  });
  await runParts({
    logger,
    health,
    parts: [
      ...[database, presence, broker, outbox, batches, ...work],
      httpServer({ api, http, port: settings.PORT, logger }),
    ],
  });
});
