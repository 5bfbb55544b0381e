import { LANES, type Lane } from './lane.ts';
import { TIERS, type Tier } from './transfers-api.ts';

/**
 * What one program owns at the broker, as plain data: it declares all of this and keeps it declared. A binding may
 * name the exchange or the queue of another program, which only that program declares. Valid on RabbitMQ 3.10 and 4.3.
 */
export interface Topology {
  exchanges: Exchange[];
  queues: Queue[];
  bindings: Binding[];
  /**
   * Queues of other programs which an exchange must lead to before this program publishes to it: while one of them is
   * missing, the exchange would deliver to the others only.
   */
  expects?: readonly Pick<Binding, 'exchange' | 'queue'>[];
}
export interface Exchange {
  name: string;
  type: 'topic' | 'direct';
}
export interface Queue {
  name: string;
  /** AMQP arguments, `x-…`. Every durable queue is a quorum queue. */
  arguments: Record<string, string | number>;
}
export interface Binding {
  exchange: string;
  queue: string;
  routingKey: string;
}

/** Domain events, routed by `<event>.<lane>`. */
export const PAYMENTS_EXCHANGE = 'payments';
/** Turns of payouts, routed by the payout's lane: `premium`, `free`. */
export const PAYOUTS_EXCHANGE = 'payouts';

/**
 * How often a broker redelivers a message before it gives up on it: consumers that die with it in hand.
 * Set explicitly: RabbitMQ 4's default of 20 *drops* the message where no dead-letter target is set.
 */
export const DELIVERY_LIMIT = 20;

/** For the last queue of all, which leads nowhere: what is in it must wait until it is taken. */
const NEVER_GIVEN_UP = 1_000_000_000;

/** The delays before a further attempt, in order. A queue each: a TTL per message would block behind a longer one. */
export const RETRY_STEPS = [
  { name: '5s', delayMs: 5_000 },
  { name: '30s', delayMs: 30_000 },
  { name: '2m', delayMs: 120_000 },
  { name: '10m', delayMs: 600_000 },
  { name: '1h', delayMs: 3_600_000 },
] as const;
export type RetryStep = (typeof RETRY_STEPS)[number];

/** The queue of one lane of a channel, or of payouts. */
export const laneQueue = (channel: string, lane: Lane | Tier): string => `${channel}.${lane}`;
/** What the broker itself gave up on. */
export const deadQueue = (channel: string): string => `${channel}.dead`;
/** Where a channel's messages wait for a step's delay. */
export const retryQueue = (channel: string, step: RetryStep): string => `${channel}.retry.${step.name}`;
/** Leads from a channel into its delay queues; key `<step>.<lane>`. */
export const delayExchange = (channel: string): string => `delay.${channel}`;
/** Leads from a delay queue back to the channel's own lane queue; the key is kept, so the lane is too. */
export const retryExchange = (channel: string): string => `retry.${channel}`;
export const retryRoutingKey = (step: RetryStep, lane: Lane | Tier): string => `${step.name}.${lane}`;
/**
 * Leads from the retry exchange to the dead queue. Dead letters do not take the default exchange: the right to write to
 * that exchange is the right to write into every queue.
 */
export const DEAD_ROUTING_KEY = 'dead';

const quorum = { 'x-queue-type': 'quorum' };

/**
 * Dead-lettering that survives the broker's death on the way: the message leaves its queue only when the
 * target has confirmed it, which RabbitMQ allows only where an overflow is refused rather than dropped.
 */
const safely = { 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };

/** The key by which a channel's queue of a lane is bound to `payments`. */
export const laneBindingKey = (lane: Lane): string => `*.*.${lane}`;

/** What a channel owns: a queue per lane, bound to the `payments` of transaction, its delay queues, and its dead queue. */
export function channelTopology(channel: string): Topology {
  return lanesTopology(channel, PAYMENTS_EXCHANGE, LANES, laneBindingKey);
}

/**
 * What transaction owns: `payments` and all its bindings. Without every binding the exchange would deliver an event to
 * some channels only, so transaction declares them all, although each channel declares its own too.
 */
export function transactionTopology(channels: readonly string[]): Topology {
  return {
    exchanges: [{ name: PAYMENTS_EXCHANGE, type: 'topic' }],
    queues: [],
    bindings: channels.flatMap((channel) =>
      LANES.map((lane) => ({
        exchange: PAYMENTS_EXCHANGE,
        queue: laneQueue(channel, lane),
        routingKey: laneBindingKey(lane),
      })),
    ),
  };
}

/** What payouts' workers drain: a queue per lane bound to `payouts`, delay queues, and a dead queue. */
export const payoutsTopology: Topology = mergeTopologies([
  { exchanges: [{ name: PAYOUTS_EXCHANGE, type: 'direct' }], queues: [], bindings: [] },
  lanesTopology('payouts', PAYOUTS_EXCHANGE, TIERS, (lane) => lane),
]);
/** The queue of a lane of payouts. */
export const payoutQueue = (lane: Tier): string => laneQueue('payouts', lane);

/** What payout owns; its own event goes to every channel by the `payments` of transaction. */
export function payoutTopology(channels: readonly string[]): Topology {
  return { ...payoutsTopology, expects: transactionTopology(channels).bindings };
}

/** @param source the exchange that leads to the lanes' queues, each by its routing key there */
function lanesTopology<L extends Lane | Tier>(
  name: string,
  source: string,
  lanes: readonly L[],
  routingKeyOf: (lane: L) => string,
): Topology {
  return {
    exchanges: [
      { name: delayExchange(name), type: 'topic' },
      { name: retryExchange(name), type: 'direct' },
    ],
    queues: [
      ...lanes.map((lane) => ({
        name: laneQueue(name, lane),
        arguments: {
          ...quorum,
          ...safely,
          'x-delivery-limit': DELIVERY_LIMIT,
          'x-dead-letter-exchange': retryExchange(name),
          'x-dead-letter-routing-key': DEAD_ROUTING_KEY,
        },
      })),
      ...RETRY_STEPS.map((step) => ({
        name: retryQueue(name, step),
        arguments: {
          ...quorum,
          ...safely,
          'x-message-ttl': step.delayMs,
          'x-dead-letter-exchange': retryExchange(name),
        },
      })),
      { name: deadQueue(name), arguments: { ...quorum, 'x-delivery-limit': NEVER_GIVEN_UP } },
    ],
    bindings: [
      ...lanes.map((lane) => ({
        exchange: source,
        queue: laneQueue(name, lane),
        routingKey: routingKeyOf(lane),
      })),
      { exchange: retryExchange(name), queue: deadQueue(name), routingKey: DEAD_ROUTING_KEY },
      ...RETRY_STEPS.flatMap((step) => [
        {
          exchange: delayExchange(name),
          queue: retryQueue(name, step),
          routingKey: `${step.name}.*`,
        },
        ...lanes.map((lane) => ({
          exchange: retryExchange(name),
          queue: laneQueue(name, lane),
          routingKey: retryRoutingKey(step, lane),
        })),
      ]),
    ],
  };
}

/** `payments` and everything that it leads to, for these channels. */
export function paymentsTopology(channels: readonly string[]): Topology {
  return mergeTopologies([transactionTopology(channels), ...channels.map(channelTopology)]);
}

/**
 * A channel's name names its queues and its RabbitMQ user: `push`, `phone`, `email`, `whatsapp`. The names of other
 * services and the first words of other exchanges and queues are refused: such a channel would get the rights of others.
 */
export const CHANNEL_NAME =
  /^(?!(?:transaction|payout|gateway|operations|payments|payouts|live|delay|retry)$)[a-z][a-z0-9-]{0,30}$/;

/** Puts topologies together, each exchange and each binding once. */
export function mergeTopologies(topologies: readonly Topology[]): Topology {
  const exchanges = new Map(topologies.flatMap((t) => t.exchanges).map((e) => [e.name, e]));
  const bindings = new Map(topologies.flatMap((t) => t.bindings).map((b) => [Object.values(b).join(), b]));
  return {
    exchanges: [...exchanges.values()],
    queues: topologies.flatMap((t) => t.queues),
    bindings: [...bindings.values()],
  };
}
