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
import { deliveryRoutes } from './http/deliveries.ts';

main(async () => {
  const { PORT, LOG_LEVEL, TRANSACTION_URL, CHANNELS } = config();
  const name = 'operations';
  const logger = createLogger({ service: name, level: LOG_LEVEL });
  // It keeps nothing itself; what the others cannot tell is said in each answer.
  const health = createHealth({});

  const api = createApi({
    title: 'Payfan operations',
    description: 'What became of every alert.',
    version: '1.0.0',
    logger,
    health,
    metrics: createMetrics(name),
    authenticate: remoteAuthenticator({ transactionUrl: TRANSACTION_URL }),
  });
  deliveryRoutes(api, { transactionUrl: TRANSACTION_URL, channels: CHANNELS, logger });

  await runParts({ logger, health, parts: [httpServer({ api, port: PORT, logger })] });
});
