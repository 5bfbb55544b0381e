import { type Lane, LANES } from '../lane.ts';
import { type Tier, TIERS } from '../transfers-api.ts';
import { LIVE_EXCHANGE, LIVE_TOPICS_EXCHANGE, shardKey, SHARDS } from '../live-protocol.ts';
import { liveTopicsTopology, liveTopology } from '../live.ts';
import { paymentRoutingKey } from '../events.ts';
import {
  channelTopology,
  DEAD_ROUTING_KEY,
  deadQueue,
  delayExchange,
  laneQueue,
  PAYMENTS_EXCHANGE,
  paymentsTopology,
  PAYOUTS_EXCHANGE,
  payoutsTopology,
  RETRY_STEPS,
  retryExchange,
  retryQueue,
  retryRoutingKey,
  type Topology,
} from '../topology.ts';
import {
  addressTemplate,
  AMQP_BINDING,
  merged,
  messagesOf,
  ref,
  type AmqpChannel,
  type Channel,
  type Parameter,
} from './format.ts';
import { EVENT_MESSAGES, FEED_MESSAGE, replayOf, retryOf, TOPIC_MESSAGE, TURN } from './messages.ts';
import { PAYMENT_EVENTS } from './schemas.ts';

/** A gateway's own queues, under these names in the document; the broker gives them others. */
export const GATEWAY_QUEUE = 'live.gateway';
export const GATEWAY_TOPICS_QUEUE = 'live.topics.gateway';
/** Messages that wait for a gateway which is frozen, until its connection is given up; older ones go first. */
const LONGEST_GATEWAY_QUEUE = 100_000;

const STEP = RETRY_STEPS[0];
const LANE: Lane = LANES[0];
const lane: Parameter = {
  description: 'As in the event',
  enum: [...LANES],
  location: '$message.payload#/lane',
};
const tier: Parameter = {
  description: 'Of the payout',
  enum: [...TIERS],
  location: '$message.payload#/data/lane',
};
const step: Parameter = { description: 'How long it waits', enum: RETRY_STEPS.map(({ name }) => name) };

type About = Pick<Channel, 'summary' | 'description'> & { messages: readonly string[] };

/** Every exchange and queue, each under its own name. */
export function brokerChannels(channels: readonly string[]): Record<string, Channel> {
  const payments = paymentsTopology(channels);
  return {
    [PAYMENTS_EXCHANGE]: paymentsChannel(payments),
    ...merged(channels.map(channelsOf)),
    ...payoutChannels(),
    ...liveChannels(),
  };
}

function paymentsChannel(topology: Topology): Channel {
  const events = [...PAYMENT_EVENTS.values()].map((event) => {
    const key = paymentRoutingKey({ type: event.shape.type.value, lane: LANE });
    return key.slice(0, -LANE.length - 1);
  });
  const [event = ''] = events;
  return {
    ...exchange(topology, PAYMENTS_EXCHANGE, {
      summary: 'What happened to money. To each channel’s queue of the event’s lane',
      messages: EVENT_MESSAGES,
    }),
    address: addressTemplate(`${event}.${LANE}`, { event, lane: LANE }),
    parameters: { event: { description: 'Of the type `payfan.<event>.v1`', enum: events }, lane },
  };
}

/** What one notification channel has at the broker: lanes, delays, and what was given up. */
function channelsOf(channel: string): Record<string, Channel> {
  const retries = EVENT_MESSAGES.map(retryOf);
  return lanesOf(channel, {
    topology: channelTopology(channel),
    lanes: LANES,
    parameter: lane,
    first: EVENT_MESSAGES,
    retries,
    back: [...retries, ...EVENT_MESSAGES.map(replayOf)],
    what: `what ${channel} has to tell`,
  });
}

/** The exchange of payouts, their lanes, delays, and what could not be read. */
function payoutChannels(): Record<string, Channel> {
  const retries = [retryOf(TURN)];
  return {
    [PAYOUTS_EXCHANGE]: {
      ...exchange(payoutsTopology, PAYOUTS_EXCHANGE, {
        summary: 'Turns of payouts, to the queue of the payout’s lane',
        messages: [TURN],
      }),
      address: addressTemplate(TIERS[0], { lane: TIERS[0] }),
      parameters: { lane: tier },
    },
    ...lanesOf('payouts', {
      topology: payoutsTopology,
      lanes: TIERS,
      parameter: tier,
      first: [TURN],
      retries,
      back: retries,
      what: 'turns of payouts',
    }),
  };
}

interface Lanes {
  topology: Topology;
  /** The first is the example of a routing key. */
  lanes: readonly [Lane | Tier, ...(Lane | Tier)[]];
  parameter: Parameter;
  /** Messages as they are published. */
  first: readonly string[];
  /** Those that wait for a further attempt. */
  retries: readonly string[];
  /** Those that come back. */
  back: readonly string[];
  what: string;
}

/** Queues by lane with their delays, and a queue for what was given up. */
function lanesOf(
  name: string,
  { topology, lanes, parameter, first, retries, back, what }: Lanes,
): Record<string, Channel> {
  const [one] = lanes;
  const keyed = {
    address: addressTemplate(retryRoutingKey(STEP, one), { step: STEP.name, lane: one }),
    parameters: { step, lane: parameter },
  };
  return {
    ...Object.fromEntries(
      lanes.map((lane) => [
        laneQueue(name, lane),
        queue(topology, laneQueue(name, lane), {
          summary: `On the lane ${lane}: ${what}`,
          messages: [...first, ...back],
        }),
      ]),
    ),
    [delayExchange(name)]: {
      ...exchange(topology, delayExchange(name), {
        summary: `Into the queues in which what failed at ${name} waits`,
        messages: retries,
      }),
      ...keyed,
    },
    ...Object.fromEntries(
      RETRY_STEPS.map((delay) => [
        retryQueue(name, delay),
        queue(topology, retryQueue(name, delay), {
          summary: `What waits ${delay.name} for a further attempt at ${name}`,
          description: 'Nobody consumes it: the broker moves what has waited to the dead-letter exchange.',
          messages: retries,
        }),
      ]),
    ),
    [retryExchange(name)]: {
      ...exchange(topology, retryExchange(name), {
        summary: `Back to the queue of the lane of ${name}, and to nobody else`,
        description: `From a delay queue under the key that the message had, and from a replay of dead letters. Under the key \`${DEAD_ROUTING_KEY}\` to the queue of what the broker gave up on.`,
        messages: back,
      }),
      ...keyed,
    },
    [deadQueue(name)]: queue(topology, deadQueue(name), {
      summary: `What the broker gave up on, as consumers of ${name} died with it in hand again and again`,
      messages: [...first, ...back],
    }),
  };
}

function liveChannels(): Record<string, Channel> {
  const shard: Parameter = {
    description: `From 0 to ${SHARDS - 1}: FNV-1a (32 bits) over the UTF-8 bytes of the topic, modulo ${SHARDS}`,
  };
  const keyed = { address: addressTemplate(shardKey(0), { shard: '0' }), parameters: { shard } };
  return {
    [LIVE_EXCHANGE]: {
      ...exchange(liveTopology, LIVE_EXCHANGE, {
        messages: [FEED_MESSAGE],
        summary: 'Transient updates of accounts for gateways. A gateway that misses one reads it in the feed',
        description: 'Only push may publish here, so that nothing else can write what an account sees.',
      }),
      ...keyed,
    },
    [LIVE_TOPICS_EXCHANGE]: {
      ...exchange(liveTopicsTopology, LIVE_TOPICS_EXCHANGE, {
        messages: [TOPIC_MESSAGE],
        summary: 'Transient updates of all other topics for gateways',
      }),
      ...keyed,
    },
    [GATEWAY_QUEUE]: gatewayQueue(LIVE_EXCHANGE, [FEED_MESSAGE]),
    [GATEWAY_TOPICS_QUEUE]: gatewayQueue(LIVE_TOPICS_EXCHANGE, [TOPIC_MESSAGE]),
  };
}

const gatewayQueue = (from: string, messages: readonly string[]): Channel => ({
  address: null,
  summary: `Each gateway’s own queue on ${from}, bound to the shards that its clients need`,
  description:
    'The broker names it, and it goes with its connection. It is made again with all its bindings.',
  servers: [ref('servers', 'rabbitmq')],
  messages: messagesOf(messages),
  bindings: {
    amqp: {
      is: 'queue',
      queue: { name: '', durable: false, exclusive: true, autoDelete: true },
      'x-arguments': { 'x-max-length': LONGEST_GATEWAY_QUEUE },
      'x-bindings': [{ exchange: from, routingKey: addressTemplate(shardKey(0), { shard: '0' }) }],
      bindingVersion: AMQP_BINDING,
    },
  },
});

function exchange(topology: Topology, name: string, about: About): Channel {
  const found = topology.exchanges.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no exchange ${name}`);
  return amqpChannel(name, about, {
    is: 'routingKey',
    exchange: { name, type: found.type, durable: true, autoDelete: false },
    bindingVersion: AMQP_BINDING,
  });
}

function queue(topology: Topology, name: string, about: About): Channel {
  const found = topology.queues.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no queue ${name}`);
  return amqpChannel(name, about, {
    is: 'queue',
    queue: { name, durable: true, exclusive: false, autoDelete: false },
    'x-arguments': found.arguments,
    'x-bindings': topology.bindings
      .filter((binding) => binding.queue === name)
      .map(({ exchange: from, routingKey }) => ({ exchange: from, routingKey })),
    bindingVersion: AMQP_BINDING,
  });
}

const amqpChannel = (address: string, { messages, ...about }: About, amqp: AmqpChannel): Channel => ({
  address,
  ...about,
  servers: [ref('servers', 'rabbitmq')],
  messages: messagesOf(messages),
  bindings: { amqp },
});
