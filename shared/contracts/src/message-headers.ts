import { z } from 'zod';
import { Traceparent } from './events.ts';
import { LIVE_HEADERS } from './live-protocol.ts';
import { Topic } from './live.ts';

/** How many attempts were made before this copy of the message: `x-death` is not kept by every broker version. */
export const ATTEMPT_HEADER = 'x-payfan-attempt';
/** The routing key that a replayed message first came with, as its own leads to one lane of one channel. */
export const ROUTING_KEY_HEADER = 'x-payfan-routing-key';

const traceparent = Traceparent.optional().meta({
  description: 'W3C Trace Context of what caused the event, as in its body',
});
const routingKey = z.string().meta({
  description: 'On a message that was replayed: the routing key under which the event was first published',
});

/** AMQP headers of an event on `payments`. */
export const EventHeaders = z.object({ traceparent }).meta({
  description:
    'Beside ours there may be those of the broker (`x-death`, `x-first-death-*`, `x-delivery-count` and their like): they belong to one journey, and nobody reads them.',
});
/** AMQP headers of a copy that waits for a further attempt. */
export const RetryHeaders = EventHeaders.extend({
  [ATTEMPT_HEADER]: z.int().min(1).meta({ description: 'Attempts made before this copy' }),
  [ROUTING_KEY_HEADER]: routingKey.optional(),
});
/** AMQP headers of an event that is replayed; its attempts count from the beginning. */
export const ReplayHeaders = EventHeaders.extend({ [ROUTING_KEY_HEADER]: routingKey });

/** AMQP headers of an event on `live` that has no log. */
export const TopicEventHeaders = z.object({
  [LIVE_HEADERS.topic]: Topic.meta({ description: 'As in the body' }),
});
/** AMQP headers of an entry of a feed on `live`. */
export const FeedEventHeaders = TopicEventHeaders.extend({
  [LIVE_HEADERS.seq]: z.int().min(1).meta({ description: 'As in the body' }),
});
