import { PAYMENTS_EXCHANGE, paymentRoutingKey, type TransferCompleted } from '@payfan/contracts';
import type { OutboxEvent } from '@payfan/outbox';
import type { Movement } from './transfer.ts';

/** Where an event came from: ids that follow a request through the broker into every channel's log. */
export interface Trace {
  correlationId: string;
  traceparent: string;
}

/** The event that a completed transfer causes, with all that a channel needs to tell both sides. */
export function transferCompleted(movement: Movement, eventId: string, trace: Trace): OutboxEvent {
  const { transfer, payer, payee, request } = movement;
  const event: TransferCompleted = {
    specversion: '1.0',
    id: eventId,
    source: '/payfan/transaction',
    type: 'payfan.transfer.completed.v1',
    subject: transfer.id,
    time: transfer.createdAt,
    datacontenttype: 'application/json',
    traceparent: trace.traceparent,
    correlationid: trace.correlationId,
    lane: request.lane,
    data: {
      transferId: transfer.id,
      amount: transfer.amount,
      currency: transfer.currency,
      note: transfer.note,
      createdAt: transfer.createdAt,
      payer: toParty(payer),
      payee: toParty(payee),
    },
  };
  return {
    eventId,
    exchange: PAYMENTS_EXCHANGE,
    routingKey: paymentRoutingKey(event),
    body: JSON.stringify(event),
    traceparent: trace.traceparent,
  };
}

/** Only what is to be told: an account's balance is nobody else's business. */
function toParty({ accountId, name, phone, email, language }: Movement['payer']): Movement['payer'] {
  return { accountId, name, phone, email, language };
}
