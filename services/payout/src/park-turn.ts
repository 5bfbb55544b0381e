import {
  ATTEMPT_HEADER,
  CLOUDEVENTS_JSON,
  DEAD_ROUTING_KEY,
  deadQueue,
  delayExchange,
  RETRY_STEPS,
  retryExchange,
  retryRoutingKey,
  type PayoutTurn,
} from '@payfan/contracts';
import type { Database } from '@payfan/database';
import type { Broker, Incoming } from '@payfan/messaging';
import { newId, type Logger } from '@payfan/service';
import { keepQuiet } from './payout-store.ts';

const REASON_HEADER = 'payfan-reason';
const [FIRST_STEP] = RETRY_STEPS;

/** Why a message is put into the dead queue. */
export type PutAway = 'unreadable' | 'untrusted_publisher';

export interface ParkTurn {
  /**
   * Puts a turn off, longer each time and in the end for an hour, for as long as it takes: others on its lane go on.
   * It keeps its chunk, which may have been paid in part: put back, its lines could be cancelled.
   */
  forLater(message: Incoming, turn: PayoutTurn): Promise<void>;
  /** Puts a message into the dead queue. */
  forGood(message: Incoming, reason: PutAway): Promise<void>;
}

export function parkTurn({
  broker,
  database,
  logger,
}: {
  broker: Pick<Broker, 'publish'>;
  database: Database;
  logger: Logger;
}): ParkTurn {
  return {
    async forLater(message, turn) {
      const attempt = Number(message.headers[ATTEMPT_HEADER] ?? 0);
      const step = RETRY_STEPS[Math.min(attempt, RETRY_STEPS.length - 1)] ?? FIRST_STEP;
      await keepQuiet(database, turn.data.payoutId, 2 * step.delayMs);
      await broker.publish({
        exchange: delayExchange('payouts'),
        routingKey: retryRoutingKey(step, turn.data.lane),
        messageId: turn.id,
        contentType: CLOUDEVENTS_JSON,
        headers: { traceparent: turn.traceparent, [ATTEMPT_HEADER]: attempt + 1 },
        body: message.body,
      });
    },
    async forGood({ messageId, userId, queue, body }, reason) {
      logger.error({ queue, messageId, userId, reason }, `message put into ${deadQueue('payouts')}`);
      await broker.publish({
        exchange: retryExchange('payouts'),
        routingKey: DEAD_ROUTING_KEY,
        messageId: messageId ?? newId(),
        contentType: 'application/octet-stream',
        headers: { [REASON_HEADER]: reason },
        body,
      });
    },
  };
}
