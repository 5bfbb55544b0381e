import { randomBytes, randomUUID } from 'node:crypto';
import {
  CLOUDEVENTS_JSON,
  RETRY_STEPS,
  retryExchange,
  retryRoutingKey,
  type Lane,
  type Party,
  type TransferCompleted,
} from '@payfan/contracts';
import type { Outgoing } from '@payfan/messaging';

/** A transfer between two strangers, which no ledger knows of; `number` tells it from others. */
export function someEvent(number: number): TransferCompleted {
  const transferId = randomUUID();
  const createdAt = new Date().toISOString();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/payfan/fault',
    type: 'payfan.transfer.completed.v1',
    subject: transferId,
    time: createdAt,
    datacontenttype: 'application/json',
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    correlationid: randomUUID(),
    lane: 'interactive',
    data: {
      transferId,
      amount: 100 + number,
      currency: 'INR',
      note: `number ${number}`,
      createdAt,
      payer: somebody('Asha Rao', 2 * number),
      payee: somebody('Ravi Kumar', 2 * number + 1),
    },
  };
}

/** @param number below a hundred million: nobody else has this phone number */
function somebody(name: string, number: number): Party {
  return {
    accountId: randomUUID(),
    name,
    phone: `+9198${String(number).padStart(8, '0')}`,
    email: `person-${number}@example.com`,
    language: 'en',
  };
}

/** A message straight into a lane's queue of a channel, and of no other: as the channel itself sends a replay. */
export function intoLane(
  channel: string,
  lane: Lane,
  body: Buffer,
  messageId: string = randomUUID(),
): Outgoing {
  return {
    exchange: retryExchange(channel),
    routingKey: retryRoutingKey(RETRY_STEPS[0], lane),
    messageId,
    contentType: CLOUDEVENTS_JSON,
    body,
  };
}
