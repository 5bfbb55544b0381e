import { CLOUDEVENTS_JSON } from '../events.ts';
import { example } from './examples.ts';
import { merged, ref, type Message } from './format.ts';
import { CLIENT_FRAMES, PAYMENT_EVENTS, SERVER_FRAMES } from './schemas.ts';

/** The names of an event's messages: as it is published, as it waits for a retry, as it is replayed. */
export const EVENT_MESSAGES: readonly string[] = [...PAYMENT_EVENTS.keys()];
export const retryOf = (event: string): string => `${event}Retry`;
export const replayOf = (event: string): string => `${event}Replay`;

/** The one message of `payouts`. */
export const TURN = 'PayoutTurn';

/** Messages of `live`: of topics with a log, and without. */
export const FEED_MESSAGE = 'FeedEvent';
export const TOPIC_MESSAGE = 'TopicEvent';

/** The answer to a client's frame. */
export const REPLY = 'Reply';

const JSON_TYPE = 'application/json';

/** Every message, by name. */
export function componentMessages(): Record<string, Message> {
  return {
    ...merged(EVENT_MESSAGES.map(eventMessages)),
    ...turnMessages(),
    [FEED_MESSAGE]: live(FEED_MESSAGE, 'An entry of an account’s feed, as it was committed'),
    [TOPIC_MESSAGE]: live(TOPIC_MESSAGE, 'An event of a topic without a log'),
    ...Object.fromEntries([...CLIENT_FRAMES.keys()].map((name) => [name, frame(name, REQUEST)])),
    ...Object.fromEntries(
      [...SERVER_FRAMES.keys()].map((name) => [name, frame(name, name === REPLY ? ANSWER : undefined)]),
    ),
  };
}

/** A message with an event as its body. */
const eventIn = (event: string, title: string, description: string, headers: string): Message => ({
  title,
  description,
  contentType: CLOUDEVENTS_JSON,
  payload: ref('schemas', event),
  correlationId: {
    description: 'Of the request that caused it: find it in every service’s log',
    location: '$message.payload#/correlationid',
  },
  headers: ref('schemas', headers),
  examples: [{ headers: example(headers) as object, payload: example(event) }],
});

function turnMessages(): Record<string, Message> {
  return {
    [TURN]: eventIn(
      TURN,
      `${TURN}, as published`,
      'Whoever takes it does one chunk of its payout, and publishes the next turn. It may come more than once: every line is paid once, by its key.',
      'EventHeaders',
    ),
    [retryOf(TURN)]: eventIn(
      TURN,
      `${TURN}, put off`,
      'The same turn, while what it needs is away.',
      'RetryHeaders',
    ),
  };
}

function eventMessages(event: string): Record<string, Message> {
  const variant = (title: string, description: string, headers: string) =>
    eventIn(event, title, description, headers);
  return {
    [event]: variant(
      `${event}, as published`,
      'CloudEvents 1.0, structured mode. The property `message-id` is the event’s id, which stays the same in every copy. It may come more than once.',
      'EventHeaders',
    ),
    [retryOf(event)]: variant(
      `${event}, for a further attempt`,
      'The same body under the same `message-id`. The property `expiration` (milliseconds) shortens the wait by up to a fifth, at random.',
      'RetryHeaders',
    ),
    [replayOf(event)]: variant(
      `${event}, replayed`,
      'The same body under the same `message-id`, straight to the lane of one channel. What was told already is not told again.',
      'ReplayHeaders',
    ),
  };
}

const live = (name: string, title: string): Message => ({
  title,
  description: 'The body is the frame that clients get; a gateway goes by the headers and does not read it.',
  contentType: JSON_TYPE,
  headers: ref('schemas', `${name}Headers`),
  payload: ref('schemas', name),
  examples: [{ headers: example(`${name}Headers`) as object, payload: example(name) }],
});

/** A text frame of the WebSocket. */
const frame = (name: string, correlationId?: Message['correlationId']): Message => ({
  title: name,
  contentType: JSON_TYPE,
  payload: ref('schemas', name),
  ...(correlationId === undefined ? {} : { correlationId }),
  examples: [{ payload: example(name) }],
});

const REQUEST = { description: 'The number of the request', location: '$message.payload#/id' };
const ANSWER = { description: 'The number of the request that it answers', location: '$message.payload#/re' };
