import { LANES } from '../lane.ts';
import { LIVE_EXCHANGE, LIVE_TOPICS_EXCHANGE } from '../live-protocol.ts';
import { brokerUserName } from '../broker-users.ts';
import { PayoutCompleted } from '../events.ts';
import {
  deadQueue,
  delayExchange,
  laneQueue,
  PAYMENTS_EXCHANGE,
  payoutQueue,
  PAYOUTS_EXCHANGE,
  retryExchange,
} from '../topology.ts';
import { TIERS } from '../transfers-api.ts';
import { GATEWAY_QUEUE, GATEWAY_TOPICS_QUEUE } from './broker-channels.ts';
import { AMQP_BINDING, merged, operation, type Operation } from './format.ts';
import { EVENT_MESSAGES, FEED_MESSAGE, replayOf, retryOf, TOPIC_MESSAGE, TURN } from './messages.ts';

const bindingVersion = AMQP_BINDING;
const stored = { amqp: { deliveryMode: 2, mandatory: true, bindingVersion } } as const;
const transient = { amqp: { deliveryMode: 1, mandatory: false, bindingVersion } } as const;
const acknowledged = { amqp: { ack: true, bindingVersion } } as const;
const unacknowledged = { amqp: { ack: false, bindingVersion } } as const;

/** The event that payout publishes; transaction publishes the others. */
const FINISHED = PayoutCompleted.meta()?.id ?? '';

/** Who publishes and who consumes; `channels` are the services that tell people. */
export function brokerOperations(channels: readonly string[]): Record<string, Operation> {
  return withUserIds({
    'transaction.publish': operation(
      'transaction',
      'send',
      { channel: PAYMENTS_EXCHANGE, messages: EVENT_MESSAGES.filter((event) => event !== FINISHED) },
      {
        summary: 'Publishes what was committed, from the outbox',
        description: 'Until it is confirmed, again and again under the same `message-id`.',
        bindings: stored,
      },
    ),
    ...merged(channels.map(channelOperations)),
    ...payoutOperations(),
    'push.tellLive': operation(
      'push',
      'send',
      { channel: LIVE_EXCHANGE, messages: [FEED_MESSAGE] },
      {
        summary: 'Tells gateways what was just committed to a feed',
        description: 'Once, and only if the broker takes it at once.',
        bindings: transient,
      },
    ),
    'gateway.publish': operation(
      'gateway',
      'send',
      { channel: LIVE_TOPICS_EXCHANGE, messages: [TOPIC_MESSAGE] },
      { summary: 'Passes on what a service publishes on a topic without a log', bindings: transient },
    ),
    'gateway.follow': operation(
      'gateway',
      'receive',
      { channel: GATEWAY_QUEUE, messages: [FEED_MESSAGE] },
      { summary: 'Takes what happens to the accounts that its clients follow', bindings: unacknowledged },
    ),
    'gateway.followTopics': operation(
      'gateway',
      'receive',
      { channel: GATEWAY_TOPICS_QUEUE, messages: [TOPIC_MESSAGE] },
      { summary: 'Takes the events of the other topics that its clients follow', bindings: unacknowledged },
    ),
  });
}

/** Every publisher says who it is; the broker refuses any other name than the connection's own. */
function withUserIds(operations: Record<string, Operation>): Record<string, Operation> {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => {
      const { action, bindings, tags } = operation;
      if (action !== 'send' || bindings === undefined) return [name, operation];
      const userId = brokerUserName(tags[0]?.name ?? '');
      return [name, { ...operation, bindings: { amqp: { userId, ...bindings.amqp } } }];
    }),
  );
}

/** Of the API of payouts and of its workers. */
function payoutOperations(): Record<string, Operation> {
  const turns = [TURN, retryOf(TURN)];
  return {
    'payout.publishTurn': operation(
      'payout',
      'send',
      { channel: PAYOUTS_EXCHANGE, messages: [TURN] },
      { summary: 'Publishes the first turns of a payout, and after each chunk the next', bindings: stored },
    ),
    'payout.publish': operation(
      'payout',
      'send',
      { channel: PAYMENTS_EXCHANGE, messages: [FINISHED] },
      { summary: 'Publishes that a payout is finished, from the outbox', bindings: stored },
    ),
    ...Object.fromEntries(
      TIERS.map((lane) => [
        `payout.work.${lane}`,
        operation(
          'payout',
          'receive',
          { channel: payoutQueue(lane), messages: turns },
          {
            summary: `Does one chunk for each turn, with workers of the lane ${lane}`,
            description: 'Acknowledged when what became of every line is recorded.',
            bindings: acknowledged,
          },
        ),
      ]),
    ),
    'payout.tryAgainLater': operation(
      'payout',
      'send',
      { channel: delayExchange('payouts'), messages: [retryOf(TURN)] },
      { summary: 'Puts a turn off while what it needs is away', bindings: stored },
    ),
    'payout.tellLive': operation(
      'payout',
      'send',
      { channel: LIVE_TOPICS_EXCHANGE, messages: [TOPIC_MESSAGE] },
      { summary: 'Tells gateways how far a payout is, on the topic `payout.<id>`', bindings: transient },
    ),
  };
}

/** What a notification channel takes and sends. */
function channelOperations(channel: string): Record<string, Operation> {
  const retries = EVENT_MESSAGES.map(retryOf);
  const replays = EVENT_MESSAGES.map(replayOf);
  const anyCopy = [...EVENT_MESSAGES, ...retries, ...replays];
  return {
    ...Object.fromEntries(
      LANES.map((lane) => [
        `${channel}.tell.${lane}`,
        operation(
          channel,
          'receive',
          { channel: laneQueue(channel, lane), messages: anyCopy },
          {
            summary: `Tells payer and payee, with consumers that serve the lane ${lane} alone`,
            description: 'Acknowledged when the outcome of every delivery is recorded.',
            bindings: acknowledged,
          },
        ),
      ]),
    ),
    [`${channel}.tryAgainLater`]: operation(
      channel,
      'send',
      { channel: delayExchange(channel), messages: retries },
      { summary: 'Has a delivery that failed wait for a further attempt', bindings: stored },
    ),
    [`${channel}.replay`]: operation(
      channel,
      'send',
      { channel: retryExchange(channel), messages: replays },
      { summary: 'Sends dead letters round again, when an operator asks for it', bindings: stored },
    ),
    [`${channel}.bury`]: operation(
      channel,
      'receive',
      { channel: deadQueue(channel), messages: anyCopy },
      { summary: 'Makes dead letters of what the broker gave up on', bindings: acknowledged },
    ),
  };
}
