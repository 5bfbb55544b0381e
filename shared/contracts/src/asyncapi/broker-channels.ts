import { type Lane, LANES } from '../lane.ts';
import { LIVE_EXCHANGE, shardKey, SHARDS } from '../live-protocol.ts';
import { liveTopology } from '../live.ts';
import { paymentRoutingKey } from '../events.ts';
import {
  channelTopology,
  deadQueue,
  delayExchange,
  laneQueue,
  PAYMENTS_EXCHANGE,
  paymentsTopology,
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
import { BROKER_MESSAGES, EVENT_MESSAGES, replayOf, retryOf } from './messages.ts';
import { PAYMENT_EVENTS } from './schemas.ts';

/** A gateway's own queue on `live`, under this name in the document; the broker gives it another. */
export const GATEWAY_QUEUE = 'live.gateway';
/** Messages that wait for a gateway which is frozen, until its connection is given up; older ones go first. */
const LONGEST_GATEWAY_QUEUE = 100_000;

const STEP = RETRY_STEPS[0];
const LANE: Lane = LANES[0];
const lane: Parameter = {
  description: 'As in the event',
  enum: [...LANES],
  location: '$message.payload#/lane',
};
const step: Parameter = { description: 'How long it waits', enum: RETRY_STEPS.map(({ name }) => name) };

type About = Pick<Channel, 'summary' | 'description'> & { messages: readonly string[] };

/** Every exchange and queue, each under its own name. */
export function brokerChannels(channels: readonly string[]): Record<string, Channel> {
  const payments = paymentsTopology(channels);
  return {
    [PAYMENTS_EXCHANGE]: paymentsChannel(payments),
    ...merged(channels.map(channelsOf)),
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
  const topology = channelTopology(channel);
  const retries = EVENT_MESSAGES.map(retryOf);
  const back = [...retries, ...EVENT_MESSAGES.map(replayOf)];
  const keyed = {
    address: addressTemplate(retryRoutingKey(STEP, LANE), { step: STEP.name, lane: LANE }),
    parameters: { step, lane },
  };
  return {
    ...Object.fromEntries(
      LANES.map((one) => [
        laneQueue(channel, one),
        queue(topology, laneQueue(channel, one), {
          summary: `What ${channel} has to tell on the lane ${one}`,
          messages: [...EVENT_MESSAGES, ...back],
        }),
      ]),
    ),
    [delayExchange(channel)]: {
      ...exchange(topology, delayExchange(channel), {
        summary: `Into the queues in which deliveries of ${channel} that failed wait`,
        messages: retries,
      }),
      ...keyed,
    },
    ...Object.fromEntries(
      RETRY_STEPS.map((one) => [
        retryQueue(channel, one),
        queue(topology, retryQueue(channel, one), {
          summary: `Deliveries of ${channel} that wait ${one.name} for a further attempt`,
          description: 'Nobody consumes it: the broker moves what has waited to the dead-letter exchange.',
          messages: retries,
        }),
      ]),
    ),
    [retryExchange(channel)]: {
      ...exchange(topology, retryExchange(channel), {
        summary: `Back to the queue of the lane of ${channel}, and to no other channel`,
        description:
          'From a delay queue under the key that the message had, and from a replay of dead letters.',
        messages: back,
      }),
      ...keyed,
    },
    [deadQueue(channel)]: queue(topology, deadQueue(channel), {
      summary: `What the broker gave up on, as consumers of ${channel} died with it in hand again and again`,
      messages: [...EVENT_MESSAGES, ...back],
    }),
  };
}

function liveChannels(): Record<string, Channel> {
  const about = { messages: BROKER_MESSAGES };
  const address = addressTemplate(shardKey(0), { shard: '0' });
  return {
    [LIVE_EXCHANGE]: {
      ...exchange(liveTopology, LIVE_EXCHANGE, {
        ...about,
        summary: 'Transient updates for gateways. Whoever misses one reads it in the feed',
      }),
      address,
      parameters: {
        shard: {
          description: `From 0 to ${SHARDS - 1}: FNV-1a (32 bits) over the UTF-8 bytes of the topic, modulo ${SHARDS}`,
        },
      },
    },
    [GATEWAY_QUEUE]: {
      address: null,
      summary: 'Each gateway’s own queue, bound to the shards that its clients need',
      description:
        'The broker names it, and it goes with its connection. It is made again with all its bindings.',
      servers: [ref('servers', 'rabbitmq')],
      messages: messagesOf(about.messages),
      bindings: {
        amqp: {
          is: 'queue',
          queue: { name: '', durable: false, exclusive: true, autoDelete: true },
          'x-arguments': { 'x-max-length': LONGEST_GATEWAY_QUEUE },
          'x-bindings': [{ exchange: LIVE_EXCHANGE, routingKey: address }],
          bindingVersion: AMQP_BINDING,
        },
      },
    },
  };
}

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
