import { LANES } from './lane.ts';
import { LIVE_EXCHANGE, LIVE_TOPICS_EXCHANGE } from './live-protocol.ts';
import { liveTopicsTopology, liveTopology } from './live.ts';
import {
  delayExchange,
  laneBindingKey,
  laneQueue,
  mergeTopologies,
  PAYMENTS_EXCHANGE,
  paymentsTopology,
  PAYOUTS_EXCHANGE,
  payoutsTopology,
  retryExchange,
  type Topology,
} from './topology.ts';

/**
 * What one service may do at the broker. Each right is a regular expression over names of exchanges and queues: to
 * `configure` is to declare and delete; to `write` is to publish to an exchange and to bind a queue; to `read` is to
 * consume and purge a queue, and to bind a queue to an exchange.
 */
export interface BrokerUser {
  service: string;
  /** The user's tags in RabbitMQ's management API. */
  tags: '' | 'monitoring';
  configure: string;
  write: string;
  read: string;
  /** Regular expressions over routing keys of messages (`write`) and bindings (`read`), for an exchange that is shared. */
  topics: { exchange: string; write: string; read: string }[];
}

/** The name of a service's RabbitMQ user, which is also the AMQP property `user-id` of what it publishes. */
export const brokerUserName = (service: string): string => `payfan_${service}`;

/** Services with a RabbitMQ user of their own, beside the channels. */
const SERVICES = ['transaction', 'payout', 'gateway', 'operations'] as const;
/** Every service that has a RabbitMQ user. */
export const brokerServices = (channels: readonly string[]): string[] => [...SERVICES, ...channels];

/** Everything that the broker holds before any program starts. */
export const brokerTopology = (channels: readonly string[]): Topology =>
  mergeTopologies([paymentsTopology(channels), payoutsTopology, liveTopology, liveTopicsTopology]);

/** Queues that the broker names itself: a gateway's own. */
const OWN_QUEUES = String.raw`amq\.gen-.+`;
const NOTHING = '^$';

/** The least rights with which every service can do its work; docs/adr/0024-broker-rights.md explains them. */
export function brokerUsers(channels: readonly string[]): BrokerUser[] {
  const lanes = channels.flatMap((channel) => LANES.map((lane) => literal(laneQueue(channel, lane))));
  const payments = literal(PAYMENTS_EXCHANGE);
  const laneKeys = anyOf(...LANES.map((lane) => literal(laneBindingKey(lane))));
  const onPayments = (write: string, read: string) => [{ exchange: PAYMENTS_EXCHANGE, write, read }];
  const payouts = [literal(PAYOUTS_EXCHANGE), ...lanesOf('payouts')];
  const topics = literal(LIVE_TOPICS_EXCHANGE);
  return [
    {
      service: 'transaction',
      tags: '',
      configure: anyOf(payments),
      // It restores the bindings of `payments`, for which the broker asks for write on the queues.
      write: anyOf(payments, ...lanes),
      read: anyOf(payments),
      topics: onPayments(String.raw`^transfer\.`, laneKeys),
    },
    {
      service: 'payout',
      tags: '',
      configure: anyOf(...payouts),
      write: anyOf(...payouts, payments, topics),
      read: anyOf(...payouts),
      topics: onPayments(String.raw`^payout\.`, NOTHING),
    },
    ...channels.map((channel): BrokerUser => {
      const own = anyOf(...lanesOf(channel), ...(channel === 'push' ? [literal(LIVE_EXCHANGE)] : []));
      return {
        service: channel,
        tags: '',
        configure: own,
        write: own,
        read: anyOf(...lanesOf(channel), payments),
        topics: onPayments(NOTHING, laneKeys),
      };
    }),
    {
      service: 'gateway',
      tags: '',
      configure: anyOf(OWN_QUEUES, topics),
      write: anyOf(OWN_QUEUES, topics),
      read: anyOf(OWN_QUEUES, literal(LIVE_EXCHANGE), topics),
      topics: [],
    },
    // A permission without rights: without any permission the management API shows this vhost to administrators only.
    {
      service: 'operations',
      tags: 'monitoring',
      configure: NOTHING,
      write: NOTHING,
      read: NOTHING,
      topics: [],
    },
  ];
}

/** Patterns for the queues of a channel or of payouts, and for its delay and retry exchanges. */
const lanesOf = (name: string): string[] => [
  String.raw`${name}\..+`,
  literal(delayExchange(name)),
  literal(retryExchange(name)),
];

const literal = (name: string): string => name.replace(/[.*]/g, String.raw`\$&`);
const anyOf = (...patterns: string[]): string => `^(${patterns.join('|')})$`;
