import { z } from 'zod';
import { LIVE_ERROR_CODES, LIVE_EXCHANGE, LIVE_TOPICS_EXCHANGE } from './live-protocol.ts';
import { Text } from './text.ts';
import { type Topology } from './topology.ts';

/** What push owns of the live exchanges. Every gateway makes its own queues. */
export const liveTopology: Topology = {
  exchanges: [{ name: LIVE_EXCHANGE, type: 'direct' }],
  queues: [],
  bindings: [],
};
/** What gateways own of the live exchanges. */
export const liveTopicsTopology: Topology = {
  exchanges: [{ name: LIVE_TOPICS_EXCHANGE, type: 'direct' }],
  queues: [],
  bindings: [],
};

/** Words of letters, digits, `_` and `-`, separated by dots. */
const TOPIC = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;
const MAX_TOPIC_LENGTH = 200;
export const Topic = z.string().max(MAX_TOPIC_LENGTH).regex(TOPIC);
/** A topic, or `<words>.*` for all topics that begin so. */
export const TopicPattern = z
  .string()
  .max(MAX_TOPIC_LENGTH)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?$/);

/** One thing that happened on a topic. */
export const LiveEvent = z
  .object({
    t: z.literal('event'),
    topic: Topic,
    seq: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'From 1 without gaps; only topics with a log (account.<id>) have it' }),
    id: z.string().meta({ description: 'Of the event; the same when it is told again' }),
    type: z.string().meta({ example: 'transfer.credited' }),
    time: z.iso.datetime(),
    data: z.unknown(),
  })
  .meta({ id: 'LiveEvent' });
export type LiveEvent = z.output<typeof LiveEvent>;

const RequestId = z.int().min(0).meta({ description: "The client's own, repeated in the answer as `re`" });

/** What a client says. */
export const ClientFrame = z
  .discriminatedUnion('t', [
    z.strictObject({
      id: RequestId,
      t: z.literal('subscribe'),
      topic: TopicPattern,
      after: z
        .int()
        .min(0)
        .optional()
        .meta({ description: 'The last sequence number seen; without it only what is new is told' }),
    }),
    z.strictObject({ id: RequestId, t: z.literal('unsubscribe'), topic: TopicPattern }),
    z.strictObject({
      id: RequestId,
      t: z.literal('publish'),
      topic: Topic,
      type: Text.min(1).max(100),
      data: z.unknown(),
    }),
    z.strictObject({ id: RequestId, t: z.literal('ack'), topic: Topic, seq: z.int().min(0) }),
    z.strictObject({ id: RequestId, t: z.literal('ping') }),
    z.strictObject({
      id: RequestId,
      t: z.literal('token'),
      token: z
        .string()
        .max(4_096)
        .meta({ description: 'A new JWT of the same owner, before the old one ends' }),
    }),
  ])
  .meta({ id: 'ClientFrame' });
export type ClientFrame = z.output<typeof ClientFrame>;

/** The answer to a client's frame. */
export const Reply = z
  .object({
    re: z.int().nullable().meta({ description: "The frame's id; null if it could not be read" }),
    ok: z.boolean(),
    seq: z
      .int()
      .optional()
      .meta({ description: 'Of a subscription: the last number of the topic; what follows is told live' }),
    error: z
      .object({
        code: z.enum(LIVE_ERROR_CODES),
        retryable: z.boolean(),
        detail: z.string().optional(),
        snapshot: z
          .string()
          .optional()
          .meta({ description: 'Where the present state can be read, if the log no longer reaches back' }),
      })
      .optional(),
  })
  .meta({ id: 'Reply' });
export type Reply = z.output<typeof Reply>;

/** Asks a client to open another connection, and only then to close this one. */
export const Reconnect = z
  .object({ t: z.literal('reconnect'), afterMs: z.int().min(0) })
  .meta({ id: 'Reconnect' });
/** Tells a client that its token ends; it answers with a `token` frame. */
export const TokenEnds = z.object({ t: z.literal('token-ends'), inMs: z.int() }).meta({ id: 'TokenEnds' });

/** What a gateway says: one of these, or an array of events. */
export const ServerFrame = z
  .union([LiveEvent, z.array(LiveEvent), Reply, Reconnect, TokenEnds])
  .meta({ id: 'ServerFrame' });
export type ServerFrame = z.output<typeof ServerFrame>;

/** Answer of the gateway's `GET /v1/events`. */
export const LiveEventPage = z
  .object({
    data: z.array(LiveEvent),
    next: z.int().meta({ description: 'Give it as `after` to go on' }),
  })
  .meta({ id: 'LiveEventPage' });

/** Request and answer of push's `POST /v1/feeds/read`, for gateways: what each feed holds after a number. */
export const ReadFeeds = z
  .strictObject({
    feeds: z
      .array(z.strictObject({ accountId: z.uuid(), after: z.int().min(0) }))
      .min(1)
      .max(200),
    limit: z
      .int()
      .min(0)
      .max(500)
      .meta({ description: 'Events of each feed; 0 to learn only where it stands' }),
  })
  .meta({ id: 'ReadFeeds' });
export type ReadFeeds = z.output<typeof ReadFeeds>;
export const FeedsRead = z
  .object({
    feeds: z.array(
      z.object({
        accountId: z.uuid(),
        firstSeq: z.int().meta({ description: 'The oldest that is still kept; last + 1 if none is' }),
        lastSeq: z.int().meta({ description: '0 if there never was any' }),
        events: z.array(LiveEvent),
      }),
    ),
  })
  .meta({ id: 'FeedsRead' });
export type FeedsRead = z.output<typeof FeedsRead>;
