import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  main,
  remoteAuthenticator,
  runParts,
} from '@payfan/service';
import { config } from './config.ts';
import { deadLetterRoutes } from './http/dead-letters.ts';
import { deliveryRoutes } from './http/deliveries.ts';
import { gatewayRoutes } from './http/gateways.ts';
import { queueRoutes } from './http/queues.ts';

main(async () => {
  const settings = config();
  const { PORT, LOG_LEVEL, TRANSACTION_URL, CHANNELS, RABBITMQ_MANAGEMENT_URL, RABBITMQ_VHOST } = settings;
  const name = 'operations';
  const logger = createLogger({ service: name, level: LOG_LEVEL });
  // It keeps nothing itself; what the others cannot tell is said in each answer.
  const health = createHealth({});

  const api = createApi({
    title: 'Payfan operations',
    description: 'What became of every alert, what waits, and what was given up.',
    version: '1.0.0',
    logger,
    health,
    metrics: createMetrics(name),
    allowedOrigins: settings.ALLOWED_ORIGINS,
    authenticate: remoteAuthenticator({ transactionUrl: TRANSACTION_URL }),
  });
  const around = { transactionUrl: TRANSACTION_URL, channels: CHANNELS, logger };
  deliveryRoutes(api, { ...around, payoutUrl: settings.PAYOUT_URL });
  deadLetterRoutes(api, around);
  gatewayRoutes(api, { gatewayUrls: settings.GATEWAY_URLS, logger });
  queueRoutes(api, { ...around, management: { url: RABBITMQ_MANAGEMENT_URL, vhost: RABBITMQ_VHOST } });

  await runParts({ logger, health, parts: [httpServer({ api, port: PORT, logger })] });
});
