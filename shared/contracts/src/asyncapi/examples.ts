import { accountTopic, LIVE_HEADERS } from '../live-protocol.ts';
import { ATTEMPT_HEADER, ROUTING_KEY_HEADER } from '../message-headers.ts';

const ASHA = '00000000-0000-7000-8000-000000000001';
const RAVI = '00000000-0000-7000-8000-000000000002';
const TRANSFER = '01a20cc5-e0e8-722d-9423-a86d180875fd';
const PAYOUT = '01a20cc5-e0e8-722d-9423-a86d180875fe';
const EVENT = '01a20cc5-e0e9-7c11-8f0a-5d2e6b7c8d9e';
const TIME = '2026-11-24T08:57:04.488Z';
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const FIRST_KEY = 'transfer.completed.interactive';

const transferCompleted = {
  specversion: '1.0',
  id: EVENT,
  source: '/payfan/transaction',
  time: TIME,
  datacontenttype: 'application/json',
  traceparent: TRACEPARENT,
  correlationid: 'lunch-1',
  lane: 'interactive',
  type: 'payfan.transfer.completed.v1',
  subject: TRANSFER,
  data: {
    transferId: TRANSFER,
    amount: 10_000,
    currency: 'INR',
    note: 'lunch',
    createdAt: TIME,
    payer: {
      accountId: ASHA,
      name: 'Asha Rao',
      phone: '+917010233310',
      email: 'asha@example.com',
      language: 'en',
    },
    payee: {
      accountId: RAVI,
      name: 'Ravi Kumar',
      phone: '+917010233311',
      email: 'ravi@example.com',
      language: 'en',
    },
  },
};
const payoutTurn = {
  specversion: '1.0',
  id: '01a20cc5-e0e9-7c11-8f0a-5d2e6b7c8d9f',
  source: '/payfan/payout',
  type: 'payfan.payout.turn.v1',
  subject: PAYOUT,
  time: TIME,
  datacontenttype: 'application/json',
  traceparent: TRACEPARENT,
  correlationid: 'salaries-11',
  data: { payoutId: PAYOUT, lane: 'premium' },
};
const payoutCompleted = {
  ...payoutTurn,
  id: '01a20cc5-e0e9-7c11-8f0a-5d2e6b7c8da0',
  type: 'payfan.payout.completed.v1',
  lane: 'interactive',
  data: {
    payoutId: PAYOUT,
    lane: 'premium',
    total: 3,
    succeeded: 2,
    failed: 1,
    cancelled: 0,
    amount: 20_000,
    currency: 'INR',
    createdAt: TIME,
    completedAt: TIME,
    owner: transferCompleted.data.payer,
  },
};
const feedEvent = {
  t: 'event',
  topic: accountTopic(RAVI),
  seq: 17,
  id: EVENT,
  type: 'transfer.credited',
  time: TIME,
  data: {
    transferId: TRANSFER,
    amount: 10_000,
    currency: 'INR',
    counterparty: { name: 'Asha Rao' },
    note: 'lunch',
    createdAt: TIME,
  },
};
const topic = 'public.rates';
const topicEvent = { t: 'event', topic, id: EVENT, type: 'rate.changed', time: TIME, data: { usd: 83.1 } };

const EXAMPLES: Record<string, unknown> = {
  TransferCompleted: transferCompleted,
  PayoutCompleted: payoutCompleted,
  PayoutTurn: payoutTurn,
  EventHeaders: { traceparent: TRACEPARENT },
  RetryHeaders: { traceparent: TRACEPARENT, [ATTEMPT_HEADER]: 1 },
  ReplayHeaders: { traceparent: TRACEPARENT, [ROUTING_KEY_HEADER]: FIRST_KEY },
  FeedEvent: feedEvent,
  FeedEventHeaders: { [LIVE_HEADERS.topic]: feedEvent.topic, [LIVE_HEADERS.seq]: feedEvent.seq },
  TopicEvent: topicEvent,
  TopicEventHeaders: { [LIVE_HEADERS.topic]: topic },
  SubscribeFrame: { id: 1, t: 'subscribe', topic: feedEvent.topic, after: 16 },
  UnsubscribeFrame: { id: 2, t: 'unsubscribe', topic: feedEvent.topic },
  PublishFrame: { id: 3, t: 'publish', topic, type: topicEvent.type, data: topicEvent.data },
  AckFrame: { id: 4, t: 'ack', topic: feedEvent.topic, seq: feedEvent.seq },
  PingFrame: { id: 5, t: 'ping' },
  TokenFrame: { id: 6, t: 'token', token: 'eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl' },
  LiveEvent: feedEvent,
  LiveEvents: [feedEvent, topicEvent],
  Reply: { re: 1, ok: true, seq: feedEvent.seq },
  Reconnect: { t: 'reconnect', afterMs: 1_200 },
  TokenEnds: { t: 'token-ends', inMs: 25_000 },
};

/** A value of the schema of that name. */
export function example(name: string): unknown {
  if (!Object.hasOwn(EXAMPLES, name)) throw new Error(`${name} has no example: add one to examples.ts`);
  return EXAMPLES[name];
}
