import {
  PAYMENTS_EXCHANGE,
  paymentRoutingKey,
  PAYOUTS_EXCHANGE,
  type Party,
  type Payout,
  type PayoutCompleted,
  type PayoutTurn,
  type Tier,
} from '@payfan/contracts';
import type { OutboxEvent } from '@payfan/outbox';

/** Ids that follow a payout from its request into every log. */
export interface Trace {
  correlationId: string;
  traceparent: string;
}

/** What makes events apart from their payout. */
export interface Making {
  newId: () => string;
  now: () => Date;
}

/** A turn of this payout, to the end of its lane's queue. */
export function turnOf(
  { id, lane, correlationId, traceparent }: { id: string; lane: Tier } & Trace,
  { newId, now }: Making,
): OutboxEvent {
  const event: PayoutTurn = {
    specversion: '1.0',
    id: newId(),
    source: '/payfan/payout',
    type: 'payfan.payout.turn.v1',
    subject: id,
    time: now().toISOString(),
    datacontenttype: 'application/json',
    traceparent,
    correlationid: correlationId,
    data: { payoutId: id, lane },
  };
  return {
    eventId: event.id,
    exchange: PAYOUTS_EXCHANGE,
    routingKey: lane,
    body: JSON.stringify(event),
    traceparent,
  };
}

/** Tells channels that a payout is finished, for its owner. */
export function completedOf(
  payout: Payout & { completedAt: string },
  { owner, trace }: { owner: Party; trace: Trace },
  { newId }: Pick<Making, 'newId'>,
): OutboxEvent {
  const { id, lane, total, succeeded, failed, cancelled, paid, currency, createdAt, completedAt } = payout;
  const event: PayoutCompleted = {
    specversion: '1.0',
    id: newId(),
    source: '/payfan/payout',
    type: 'payfan.payout.completed.v1',
    subject: id,
    time: completedAt,
    datacontenttype: 'application/json',
    traceparent: trace.traceparent,
    correlationid: trace.correlationId,
    lane: 'interactive',
    data: {
      payoutId: id,
      lane,
      total,
      succeeded,
      failed,
      cancelled,
      amount: paid,
      currency,
      createdAt,
      completedAt,
      owner,
    },
  };
  return {
    eventId: event.id,
    exchange: PAYMENTS_EXCHANGE,
    routingKey: paymentRoutingKey(event),
    body: JSON.stringify(event),
    traceparent: trace.traceparent,
  };
}
