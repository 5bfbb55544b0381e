import { payoutTopology } from '@payfan/contracts';
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
  newId,
  remoteAuthenticator,
  runParts,
} from '@payfan/service';
import { accountOfCaller } from './account-client.ts';
import { apiConfig } from './config.ts';
import { routes } from './http/routes.ts';
import { LiveProgress } from './live-progress.ts';

main(async () => {
  const settings = apiConfig();
  const { DATABASE_URL: url, TRANSACTION_URL: transactionUrl } = settings;
  const name = 'payout';
  const logger = createLogger({ service: name, level: settings.LOG_LEVEL });
  const metrics = createMetrics(name);
  const relayId = newId();

  const database = openDatabase({ url, name });
  const presence = openPresence({ url, name, id: relayId });
  const topology = payoutTopology(settings.CHANNELS);
  const broker = openBroker({ urls: settings.AMQP_URL, name, log: logger, topology });
  const outbox = new Outbox({ database, broker, log: logger, relayId });
  registerOutboxMetrics(metrics, outbox);
  const tables = [{ table: 'payouts', days: settings.PAYOUT_DAYS }];
  const retention = openRetention({ url, name, log: logger, tables });
  registerRetentionMetrics(metrics, retention);
  const progress = new LiveProgress(broker, logger);

  // Payouts are taken without the broker: their turns wait in the outbox.
  const health = createHealth({
    database: () => database.ping(),
    broker: { check: () => broker.ping(), required: 'never' },
  });
  const http = httpSettings(settings);
  const api = routes({
    http,
    database,
    outbox,
    authenticate: remoteAuthenticator({ transactionUrl, serviceKey: settings.SERVICE_KEY }),
    accountOfCaller: (authorization) => accountOfCaller(transactionUrl, authorization),
    onProgress: (payout) => progress.tell(payout),
    allowedOrigins: settings.ALLOWED_ORIGINS,
    chunkItems: settings.CHUNK_ITEMS,
    linesToOnePayee: settings.TRANSFERS_TO_ONE_PAYEE_PER_HOUR,
    unknownPayeesPerHour: settings.UNKNOWN_PAYEES_PER_HOUR,
    logger,
    health,
    metrics,
    newId,
    now: () => new Date(),
  });
  await runParts({
    logger,
    health,
    parts: [
      database,
      presence,
      broker,
      outbox,
      httpServer({ api, http, port: settings.PORT, logger }),
      retention,
    ],
  });
});
