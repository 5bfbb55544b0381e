import { randomUUID } from 'node:crypto';
import {
  CLOUDEVENTS_JSON,
  brokerUserName,
  PAYMENTS_EXCHANGE,
  paymentRoutingKey,
  type Party,
  type TransferCompleted,
} from '@payfan/contracts';
import { newTraceparent } from '@payfan/service';
import type { BareMessage } from './bare-amqp.ts';

/** A transfer between two people whom nobody has seen before; some 900 bytes as JSON, as ours are. */
export function benchTransfer(): TransferCompleted {
  const transferId = randomUUID();
  const createdAt = new Date().toISOString();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/payfan/transaction',
    type: 'payfan.transfer.completed.v1',
    subject: transferId,
    time: createdAt,
    datacontenttype: 'application/json',
    traceparent: newTraceparent(),
    correlationid: randomUUID(),
    lane: 'interactive',
    data: {
      transferId,
      amount: 10_000,
      currency: 'INR',
      note: 'lunch on Friday',
      createdAt,
      payer: somebody('Asha Rao'),
      payee: somebody('Ravi Kumar'),
    },
  };
}

function somebody(name: string): Party {
  const digits = String(Math.floor(Math.random() * 1e8)).padStart(8, '0');
  return {
    accountId: randomUUID(),
    name,
    phone: `+9198${digits}`,
    email: `person-${digits}@example.com`,
    language: 'en',
  };
}

/** An event as a message to its exchange. */
export function messageOf(event: TransferCompleted): BareMessage {
  return {
    exchange: PAYMENTS_EXCHANGE,
    routingKey: paymentRoutingKey(event),
    messageId: event.id,
    contentType: CLOUDEVENTS_JSON,
    userId: brokerUserName('transaction'),
    headers: { traceparent: event.traceparent },
    body: JSON.stringify(event),
  };
}
