import { PAYMENTS_EXCHANGE, paymentRoutingKey, type Party, type TransferCompleted } from '@payfan/contracts';
import type { OutboxEvent } from '@payfan/outbox';
import type { TransferRequest } from './transfer.ts';

/** Where an event came from: ids that follow a request through the broker into every channel's log. */
export interface Trace {
  correlationId: string;
  traceparent: string;
}

type Parties = Record<'payer' | 'payee', Party>;
type WithoutParties = Omit<TransferCompleted, 'data'> & {
  data: Omit<TransferCompleted['data'], keyof Parties>;
};

/** The event that a transfer causes once it is completed, but for those concerned: they are as of the commit. */
export interface EventDraft extends Omit<OutboxEvent, 'body'> {
  /** Its JSON, without payer and payee, which are its last members, and without what closes it. */
  head: string;
}

/** Drafts the event that this request causes if it is granted. */
export function draftTransferCompleted(request: TransferRequest, eventId: string, trace: Trace): EventDraft {
  const createdAt = request.createdAt.toISOString();
  const event: WithoutParties = {
    specversion: '1.0',
    id: eventId,
    source: '/payfan/transaction',
    type: 'payfan.transfer.completed.v1',
    subject: request.transferId,
    time: createdAt,
    datacontenttype: 'application/json',
    traceparent: trace.traceparent,
    correlationid: trace.correlationId,
    lane: request.lane,
    data: {
      transferId: request.transferId,
      amount: request.amount,
      currency: request.currency,
      note: request.note,
      createdAt,
      payoutId: request.payoutId,
    },
  };
  return {
    eventId,
    exchange: PAYMENTS_EXCHANGE,
    routingKey: paymentRoutingKey(event),
    head: JSON.stringify(event).slice(0, -'}}'.length),
    traceparent: trace.traceparent,
  };
}
