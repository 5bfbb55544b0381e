import type { PayoutTurn, Tier } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import type { Broker } from '@payfan/messaging';
import { newId, type Logger, type Part } from '@payfan/service';
import type { Registry } from 'prom-client';
import type { BatchClient } from './batch-client.ts';
import { claimChunk } from './chunk-store.ts';
import type { Events } from './commit-with-events.ts';
import type { ItemOutcome } from './item-store.ts';
import { LiveProgress } from './live-progress.ts';
import { onTurn } from './on-turn.ts';
import { parkTurn } from './park-turn.ts';
import type { Making } from './payout-events.ts';
import type { StoredPayout } from './payout-store.ts';
import { Stalled } from './stalled.ts';
import { workOff } from './work-off.ts';
import { Worker } from './worker.ts';
import { workerMetrics } from './worker-metrics.ts';

export interface LaneOptions extends Making {
  lane: Tier;
  /** Chunks under way at once. */
  concurrency: number;
  /** Whether it also takes turns of the free lane, one at a time, beside its own. */
  helpsFree: boolean;
  /** Unique for each process: the holder of its chunks. */
  workerId: string;
  database: Database;
  broker: Broker;
  outbox: Events;
  batches: BatchClient;
  /** Unknown payees that any payout may name; 0 switches the limit off. */
  unknownPayeesPerHour: number;
  registry: Registry;
  logger: Logger;
}

/**
 * A worker that takes a lane's turns, and a look-out for payouts that have lost theirs. Each needs the other: the
 * look-out judges by the turns that the worker gets, and by when it gets none.
 */
export function laneParts({
  lane,
  concurrency,
  helpsFree,
  workerId,
  registry,
  ...around
}: LaneOptions): Part[] {
  const { database, broker, logger, batches } = around;
  const metrics = workerMetrics(registry, () => worker.inHand);
  const progress = new LiveProgress(broker, logger);

  const claim = (turn: PayoutTurn) => {
    stalled.saw(turn);
    const { payoutId } = turn.data;
    return claimChunk(database, { payoutId, turn: turn.id, holder: workerId, attempt: newId() });
  };
  const onProgress = (stored: StoredPayout, outcomes: readonly ItemOutcome[]) => {
    metrics.chunks.inc();
    for (const { code } of outcomes) metrics.items.inc({ outcome: code ?? 'succeeded' });
    progress.tell(stored);
    const { id: payoutId, status, succeeded, failed, cancelled } = stored.payout;
    if (status === 'processing') return;
    metrics.finished.inc();
    logger.info({ payoutId, status, succeeded, failed, cancelled }, 'payout finished');
  };

  const onStopped = ({ payout: { id: payoutId, total, failed, cancelled } }: StoredPayout) => {
    metrics.stopped.inc();
    logger.warn(
      { payoutId, total, failed, cancelled },
      'payout stopped: too many of its payees have no wallet, so its pending lines were cancelled',
    );
  };

  const worker = new Worker({
    broker,
    lane,
    concurrency,
    helpsFree,
    onTurn: onTurn({
      claim,
      workOff: workOff({ ...around, batches, onProgress, onStopped }),
      park: parkTurn({ broker, database, logger }),
      onPutOff: () => metrics.putOff.inc(),
      onPutAway: (reason) => metrics.putAway.inc({ reason }),
      logger,
    }),
  });
  const onRenewed = (payouts: number) => metrics.renewed.inc(payouts);
  const stalled = new Stalled({ ...around, lane, idleMs: worker.idleMs, onRenewed });
  return [worker, stalled];
}
