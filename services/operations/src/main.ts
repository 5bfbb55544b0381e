import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  httpSettings,
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
  const { PORT, LOG_LEVEL, TRANSACTION_URL, SERVICE_KEY, CHANNELS, RABBITMQ_MANAGEMENT_URL, RABBITMQ_VHOST } =
    settings;
  const name = 'operations';
  const logger = createLogger({ service: name, level: LOG_LEVEL });
  // It keeps nothing itself; what the others cannot tell is said in each answer.
  const health = createHealth({});

  const http = httpSettings(settings);
  const api = createApi({
    title: 'Payfan operations',
    description: 'What became of every alert, what waits, and what was given up.',
    version: '1.0.0',
    http,
    logger,
    health,
    metrics: createMetrics(name),
    allowedOrigins: settings.ALLOWED_ORIGINS,
    authenticate: remoteAuthenticator({ transactionUrl: TRANSACTION_URL, serviceKey: SERVICE_KEY }),
  });
  const around = { transactionUrl: TRANSACTION_URL, channels: CHANNELS, logger };
  const metricsToken = settings.METRICS_TOKEN;
  deliveryRoutes(api, { ...around, payoutUrl: settings.PAYOUT_URL });
  deadLetterRoutes(api, around);
  gatewayRoutes(api, { gatewayUrls: settings.GATEWAY_URLS, logger });
  const management = { url: RABBITMQ_MANAGEMENT_URL, vhost: RABBITMQ_VHOST };
  queueRoutes(api, { ...around, metricsToken, management });

  await runParts({ logger, health, parts: [httpServer({ api, http, port: PORT, logger })] });
});
