import { openDatabase, openPresence } from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import { Outbox, registerOutboxMetrics } from '@payfan/outbox';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  main,
  newId,
  runParts,
} from '@payfan/service';
import { BatchClient } from './batch-client.ts';
import { claimChunk } from './chunk-store.ts';
import { workerConfig } from './config.ts';
import { LiveProgress } from './live-progress.ts';
import { onTurn } from './on-turn.ts';
import { parkTurn } from './park-turn.ts';
import { Stalled } from './stalled.ts';
import { topologyOf } from './topology.ts';
import { workOff } from './work-off.ts';
import { Worker } from './worker.ts';
import { workerMetrics } from './worker-metrics.ts';

main(async () => {
  const settings = workerConfig();
  const { LANE: lane, DATABASE_URL: url } = settings;
  const name = `payout-worker-${lane}`;
  const logger = createLogger({ service: name, level: settings.LOG_LEVEL });
  const registry = createMetrics(name);
  const metrics = workerMetrics(registry, () => worker.inHand);
  const workerId = newId();
  const making = { newId, now: () => new Date() };

  // A turn needs one connection at a time; the outbox one more.
  const database = openDatabase({ url, name, max: settings.CONCURRENCY + 3 });
  const presence = openPresence({ url, name, id: workerId });
  const topology = topologyOf(settings.CHANNELS);
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
  const progress = new LiveProgress(broker, logger);
  const around = { database, outbox, logger, ...making };
  const worker = new Worker({
    broker,
    lane,
    concurrency: settings.CONCURRENCY,
    helpsFree: settings.HELPS_FREE,
    onTurn: onTurn({
      claim(turn) {
        stalled.saw(turn);
        const { payoutId } = turn.data;
        return claimChunk(database, { payoutId, turn: turn.id, holder: workerId, attempt: newId() });
      },
      workOff: workOff({
        ...around,
        batches,
        onProgress(stored, outcomes) {
          metrics.chunks.inc();
          for (const { code } of outcomes) metrics.items.inc({ outcome: code ?? 'succeeded' });
          if (stored.payout.status !== 'processing') metrics.finished.inc();
          progress.tell(stored);
        },
      }),
      park: parkTurn({ broker, database, logger }),
      onPutOff: () => metrics.putOff.inc(),
      logger,
    }),
  });
  const onRenewed = (payouts: number) => metrics.renewed.inc(payouts);
  const stalled = new Stalled({ ...around, lane, broker, idleMs: worker.idleMs, onRenewed });

  const health = createHealth({ database: () => database.ping(), broker: () => broker.ping() });
  const api = createApi({
    title: `Payfan payout worker, lane ${lane}`,
    description: 'Works off payouts. It answers nothing but probes.',
    version: '1.0.0',
    logger,
    health,
    metrics: registry,
  });
  await runParts({
    logger,
    health,
    parts: [
      ...[database, presence, broker, outbox, batches, worker, stalled],
      httpServer({ api, port: settings.PORT, logger }),
    ],
  });
});
