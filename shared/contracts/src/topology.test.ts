import { brokerServices, brokerTopology } from './broker-users.ts';
import { LANES } from './lane.ts';
import { TIERS } from './transfers-api.ts';
import {
  CHANNEL_NAME,
  channelTopology,
  deadQueue,
  delayExchange,
  laneQueue,
  paymentsTopology,
  payoutQueue,
  payoutsTopology,
  RETRY_STEPS,
  retryRoutingKey,
  type Topology,
} from './topology.ts';

/** Where the broker would put a message. */
function route({ exchanges, queues, bindings }: Topology, exchange: string, routingKey: string): string[] {
  if (exchange === '') return queues.map(({ name }) => name).filter((name) => name === routingKey);
  const type = exchanges.find(({ name }) => name === exchange)?.type;
  const matches = (pattern: string) => {
    if (type === 'direct') return pattern === routingKey;
    const words = routingKey.split('.');
    const wanted = pattern.split('.');
    return (
      wanted.length === words.length && wanted.every((word, index) => word === '*' || word === words[index])
    );
  };
  return bindings
    .filter((binding) => binding.exchange === exchange && matches(binding.routingKey))
    .map(({ queue }) => queue);
}
const argumentsOf = (topology: Topology, queue: string) =>
  topology.queues.find(({ name }) => name === queue)?.arguments ?? {};

const CHANNELS = ['push', 'phone', 'email'];
const topology = paymentsTopology(CHANNELS);

test('a channel’s exchanges and queues have the names that the outside knows', () => {
  const email = channelTopology('email');
  expect(paymentsTopology(['email']).exchanges.map(({ name, type }) => `${name} (${type})`)).toEqual([
    'payments (topic)',
    'delay.email (topic)',
    'retry.email (direct)',
  ]);
  expect(email.queues.map(({ name }) => name)).toEqual([
    'email.interactive',
    'email.bulk',
    'email.retry.5s',
    'email.retry.30s',
    'email.retry.2m',
    'email.retry.10m',
    'email.retry.1h',
    'email.dead',
  ]);
});

test('every queue is a quorum queue, and none but the dead ones drops what it gives up on', () => {
  const dead = CHANNELS.map(deadQueue);
  for (const { name, arguments: args } of topology.queues) {
    expect(args['x-queue-type']).toBe('quorum');
    if (dead.includes(name)) continue;
    const key = args['x-dead-letter-routing-key'];
    const targets = LANES.flatMap((lane) =>
      RETRY_STEPS.flatMap((step) =>
        route(topology, String(args['x-dead-letter-exchange']), String(key ?? retryRoutingKey(step, lane))),
      ),
    );
    expect(targets.length).toBeGreaterThan(0);
    // At least once: RabbitMQ grants it only where an overflow is refused.
    expect(args).toMatchObject({ 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' });
  }
});

test.each(CHANNELS)(
  'what kills the consumers of %s ends in its own dead queue, after a limit that is set',
  (channel) => {
    for (const lane of LANES) {
      const args = argumentsOf(topology, laneQueue(channel, lane));
      expect(args['x-delivery-limit']).toBeGreaterThan(0);
      expect(
        route(topology, String(args['x-dead-letter-exchange']), String(args['x-dead-letter-routing-key'])),
      ).toEqual([deadQueue(channel)]);
    }
  },
);

test.each(['transfer.completed', 'payout.completed', 'transfer.reversed'])(
  '%s goes to the lane’s queue of each channel, and to no other',
  (event) => {
    for (const lane of LANES) {
      expect(route(topology, 'payments', `${event}.${lane}`)).toEqual(
        CHANNELS.map((channel) => laneQueue(channel, lane)),
      );
    }
  },
);

describe.each(CHANNELS)('a retry on %s', (channel) => {
  test.each(RETRY_STEPS.flatMap((step) => LANES.map((lane) => ({ step, lane, name: step.name }))))(
    'after $name waits there and comes back to lane $lane',
    ({ step, lane }) => {
      const key = retryRoutingKey(step, lane);
      const [delay, ...others] = route(topology, delayExchange(channel), key);
      expect(delay).toBe(`${channel}.retry.${step.name}`);
      expect(others).toEqual([]);
      const args = argumentsOf(topology, delay!);
      expect(args['x-message-ttl']).toBe(step.delayMs);
      // Without a key of its own the queue keeps the message's, and with it the lane.
      expect(args).not.toHaveProperty('x-dead-letter-routing-key');
      expect(route(topology, String(args['x-dead-letter-exchange']), key)).toEqual([
        laneQueue(channel, lane),
      ]);
    },
  );
});

test('the steps are named for their delays, and grow', () => {
  const unitMs = { s: 1_000, m: 60_000, h: 3_600_000 };
  const fromNames = RETRY_STEPS.map(
    ({ name }) => parseInt(name) * unitMs[name.at(-1) as keyof typeof unitMs],
  );
  expect(RETRY_STEPS.map(({ delayMs }) => delayMs)).toEqual(fromNames);
  expect([...fromNames].sort((a, b) => a - b)).toEqual(fromNames);
});

test('everything bound is declared, and nothing is declared twice', () => {
  const exchanges = topology.exchanges.map(({ name }) => name);
  const queues = topology.queues.map(({ name }) => name);
  for (const { exchange, queue } of topology.bindings) {
    expect(exchanges).toContain(exchange);
    expect(queues).toContain(queue);
  }
  expect(new Set(exchanges).size).toBe(exchanges.length);
  expect(new Set(queues).size).toBe(queues.length);
});

test('a further channel adds queues of its own and changes none', () => {
  const more = paymentsTopology([...CHANNELS, 'whatsapp']);
  expect(more.queues.slice(0, topology.queues.length)).toEqual(topology.queues);
  expect(route(more, 'payments', 'transfer.completed.bulk')).toEqual([
    ...route(topology, 'payments', 'transfer.completed.bulk'),
    'whatsapp.bulk',
  ]);
});

test.each(['push', 'whatsapp', 'web-push', 'sms2'])('%s can name a channel', (name) => {
  expect(name).toMatch(CHANNEL_NAME);
});
test.each(['', 'Push', '2sms', 'a.b', 'a b', 'a*', '#', 'x'.repeat(40)])('%j cannot', (name) => {
  expect(name).not.toMatch(CHANNEL_NAME);
});
test('no channel can be named like another service, or like the first word of another exchange or queue', () => {
  const channels = ['push', 'web-push'];
  const { exchanges, queues } = brokerTopology(channels);
  const taken = [...exchanges, ...queues].map(({ name }) => name.split('.')[0] ?? '');
  for (const name of [...brokerServices([]), ...taken].filter((one) => !channels.includes(one))) {
    expect(name).not.toMatch(CHANNEL_NAME);
  }
});

describe('payouts', () => {
  test('a turn goes to the queue of its lane, and to no other', () => {
    expect(TIERS.map((lane) => route(payoutsTopology, 'payouts', lane))).toEqual([
      ['payouts.premium'],
      ['payouts.free'],
    ]);
    expect(TIERS.map(payoutQueue)).toEqual(['payouts.premium', 'payouts.free']);
  });

  test('what kills its workers ends in a dead queue, after a limit that is set', () => {
    for (const lane of TIERS) {
      const args = argumentsOf(payoutsTopology, payoutQueue(lane));
      expect(args['x-delivery-limit']).toBeGreaterThan(0);
      expect(
        route(
          payoutsTopology,
          String(args['x-dead-letter-exchange']),
          String(args['x-dead-letter-routing-key']),
        ),
      ).toEqual(['payouts.dead']);
    }
  });

  test.each(RETRY_STEPS.flatMap((step) => TIERS.map((lane) => ({ step, lane, name: step.name }))))(
    'a turn that is put off for $name comes back to lane $lane',
    ({ step, lane }) => {
      const key = retryRoutingKey(step, lane);
      const delayed = route(payoutsTopology, delayExchange('payouts'), key);
      expect(delayed).toEqual([`payouts.retry.${step.name}`]);
      const args = argumentsOf(payoutsTopology, delayed[0]!);
      expect(args['x-message-ttl']).toBe(step.delayMs);
      expect(route(payoutsTopology, String(args['x-dead-letter-exchange']), key)).toEqual([
        payoutQueue(lane),
      ]);
    },
  );
});
