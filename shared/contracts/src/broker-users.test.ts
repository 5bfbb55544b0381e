import { brokerServices, brokerTopology, brokerUsers, type BrokerUser } from './broker-users.ts';
import { PAYMENT_EVENTS } from './asyncapi/schemas.ts';
import { paymentRoutingKey, publisherOf } from './events.ts';
import { LANES } from './lane.ts';
import { LIVE_EXCHANGE, LIVE_TOPICS_EXCHANGE } from './live-protocol.ts';
import { liveTopicsTopology, liveTopology } from './live.ts';
import {
  channelTopology,
  laneBindingKey,
  mergeTopologies,
  PAYMENTS_EXCHANGE,
  payoutTopology,
  transactionTopology,
  type Topology,
} from './topology.ts';

const CHANNELS = ['push', 'phone', 'email'];
const USERS = brokerUsers(CHANNELS);

/** What a program does at the broker: it declares its topology, publishes to exchanges, and subscribes to some. */
interface Program {
  topology: Topology;
  publishes: string[];
  subscribes: string[];
}
const PROGRAMS: Record<string, Program> = {
  transaction: {
    topology: transactionTopology(CHANNELS),
    publishes: [PAYMENTS_EXCHANGE],
    subscribes: [],
  },
  payout: {
    topology: payoutTopology(CHANNELS),
    publishes: ['payouts', 'delay.payouts', 'retry.payouts', PAYMENTS_EXCHANGE, LIVE_TOPICS_EXCHANGE],
    subscribes: [],
  },
  push: {
    topology: mergeTopologies([channelTopology('push'), liveTopology]),
    publishes: ['delay.push', 'retry.push', LIVE_EXCHANGE],
    subscribes: [],
  },
  phone: {
    topology: channelTopology('phone'),
    publishes: ['delay.phone', 'retry.phone'],
    subscribes: [],
  },
  email: {
    topology: channelTopology('email'),
    publishes: ['delay.email', 'retry.email'],
    subscribes: [],
  },
  gateway: {
    topology: liveTopicsTopology,
    publishes: [LIVE_TOPICS_EXCHANGE],
    subscribes: [LIVE_EXCHANGE, LIVE_TOPICS_EXCHANGE],
  },
  operations: {
    topology: { exchanges: [], queues: [], bindings: [] },
    publishes: [],
    subscribes: [],
  },
};

/** What the broker asks of a program that does so: https://www.rabbitmq.com/docs/access-control#authorisation */
function needed({ topology: { exchanges, queues, bindings }, publishes, subscribes }: Program) {
  const owned = [...exchanges, ...queues].map(({ name }) => name);
  const deadLetterExchanges = queues.flatMap((queue) => queue.arguments['x-dead-letter-exchange'] ?? []);
  const own = subscribes.length > 0 ? ['amq.gen-x'] : [];
  return {
    configure: new Set([...owned, ...own]),
    write: new Set([...bindings.map(({ queue }) => queue), ...deadLetterExchanges, ...publishes, ...own]),
    read: new Set([
      ...queues.map(({ name }) => name),
      ...bindings.map(({ exchange }) => exchange),
      ...subscribes,
      ...own,
    ]),
  };
}

const { exchanges, queues } = brokerTopology(CHANNELS);
/** Everything that the broker holds, and names that only look like it. */
const NAMES = [
  ...[...exchanges, ...queues].map(({ name }) => name),
  ...['amq.default', 'amq.topic', 'amq.gen-x', 'amq.gen', 'email', 'emails.bulk', 'an.email.bulk', 'delay'],
  ...['delay_email', 'payments.more', 'payouts-2', 'live.other', 'live_topics', 'retry.web-push', 'email.'],
];
const matching = (pattern: string): string[] => NAMES.filter((name) => new RegExp(pattern).test(name));

test('every service that connects to the broker has one user, and there are no other users', () => {
  expect(USERS.map(({ service }) => service).sort()).toEqual(Object.keys(PROGRAMS).sort());
  expect(brokerServices(CHANNELS).sort()).toEqual(Object.keys(PROGRAMS).sort());
});

describe.each(USERS)('$service', (user: BrokerUser) => {
  const wanted = needed(PROGRAMS[user.service]!);

  test.each(['configure', 'read'] as const)('may %s what its program needs, and nothing more', (right) => {
    expect(matching(user[right]).sort()).toEqual([...wanted[right]].sort());
  });

  test('may write what its program needs, and otherwise its own queues only', () => {
    const more = matching(user.write).filter((name) => !wanted.write.has(name));
    const ownQueues = PROGRAMS[user.service]!.topology.queues.map(({ name }) => name);
    expect(ownQueues).toEqual(expect.arrayContaining(more));
    expect(matching(user.write)).toEqual(expect.arrayContaining([...wanted.write]));
  });

  test('publishes on `payments` its own events only, and binds by the keys of lanes only', () => {
    const may = (right: 'write' | 'read', key: string) =>
      new RegExp(user[right]).test(PAYMENTS_EXCHANGE) &&
      user.topics
        .filter(({ exchange }) => exchange === PAYMENTS_EXCHANGE)
        .every((topic) => new RegExp(topic[right]).test(key));
    for (const { shape } of PAYMENT_EVENTS.values()) {
      const type = shape.type.value;
      for (const lane of LANES) {
        expect(may('write', paymentRoutingKey({ type, lane }))).toBe(publisherOf({ type }) === user.service);
      }
    }
    const binds = PROGRAMS[user.service]!.topology.bindings.some(
      ({ exchange }) => exchange === PAYMENTS_EXCHANGE,
    );
    for (const lane of LANES) expect(may('read', laneBindingKey(lane))).toBe(binds);
    for (const key of ['#', '*.*.*', '*.#', 'transfer.*.bulk', 'a.b.bulk', ' *.*.bulk']) {
      expect(may('read', key)).toBe(false);
    }
  });
});

test('no service may write to the default exchange, which leads to every queue', () => {
  for (const { write } of USERS) expect('amq.default').not.toMatch(new RegExp(write));
});

test('only push may write to the exchange of accounts', () => {
  const may = USERS.filter(({ write }) => new RegExp(write).test(LIVE_EXCHANGE));
  expect(may.map(({ service }) => service)).toEqual(['push']);
});

test('operations monitors and does nothing else', () => {
  const monitoring = USERS.filter(({ tags }) => tags !== '');
  expect(monitoring).toEqual([
    { service: 'operations', tags: 'monitoring', configure: '^$', write: '^$', read: '^$', topics: [] },
  ]);
});

test('a further channel changes the rights of no other channel', () => {
  const more = brokerUsers([...CHANNELS, 'whatsapp']);
  for (const channel of CHANNELS) {
    const of = (users: BrokerUser[]) => users.find(({ service }) => service === channel);
    expect(of(more)).toEqual(of(USERS));
  }
});
