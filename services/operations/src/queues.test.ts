import { mergeTopologies, paymentsTopology, payoutsTopology } from '@payfan/contracts';
import { outboxOf } from './metrics-client.ts';
import { ourQueues, statusOf } from './queues.ts';

test('our queues are exactly those of the topology', () => {
  const topology = mergeTopologies([paymentsTopology(['push', 'email']), payoutsTopology]);
  const declared = topology.queues.map(({ name }) => name);
  expect(ourQueues(['push', 'email']).map(({ name }) => name)).toEqual(declared);
});

test('a queue that the broker does not hold is missing, and a stranger’s is left out', () => {
  const counts = { ready: 3, unacked: 1, consumers: 2, publishRate: 0.2, deliverRate: 1 };
  const { data, missing } = statusOf(
    ourQueues(['email']),
    new Map([
      ['email.bulk', counts],
      ['stranger', counts],
    ]),
    new Map(),
    0,
  );
  expect(data).toEqual([
    {
      name: 'email.bulk',
      kind: 'lane',
      channel: 'email',
      lane: 'bulk',
      step: null,
      oldestAgeSeconds: null,
      pausedSeconds: null,
      ...counts,
    },
  ]);
  expect(missing).toContain('email.retry.30s');
  expect(missing).toContain('payouts.premium');
  expect(missing).toHaveLength(15);
});

const COUNTS = { ready: 3, unacked: 1, consumers: 2, publishRate: 0.2, deliverRate: 1 };

test.each([
  ['email.bulk', COUNTS, 1_000, 30],
  ['email.bulk', COUNTS, 1_031, 0],
  ['email.bulk', { ...COUNTS, ready: 0 }, 1_000, 0],
  ['email.bulk', COUNTS, undefined, null],
  ['email.bulk', { ...COUNTS, ready: null }, 1_000, null],
  ['email.retry.30s', COUNTS, 1_000, null],
])(
  'events that wait in %s, %j, after an event committed at %p, have waited %p s at most',
  (name, counts, newestCommit, age) => {
    const lanes = new Map([[name, { newestCommitSeconds: newestCommit ?? null, pausedSeconds: 0 }]]);
    const { data } = statusOf(ourQueues(['email']), new Map([[name, counts]]), lanes, 1_030_000);
    expect(data.map(({ oldestAgeSeconds }) => oldestAgeSeconds)).toEqual([age]);
  },
);

test.each([
  [
    'outbox_waiting{service="transaction"} 12\noutbox_oldest_age_seconds{service="transaction"} 3.5e+0',
    12,
    3.5,
  ],
  ['# HELP outbox_waiting of 99\noutbox_waiting 0\noutbox_oldest_age_seconds 0\n', 0, 0],
  ['outbox_waiting -1\noutbox_oldest_age_seconds -1', null, null],
  ['outbox_waiting_more 7', null, null],
  ['outbox_waiting NaN', null, null],
])('the outbox in %j', (metrics, waiting, oldestAgeSeconds) => {
  expect(outboxOf(metrics)).toEqual({ waiting, oldestAgeSeconds });
});
