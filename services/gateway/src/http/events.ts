import { LiveEventPage } from '@payfan/contracts';
import { JsonText, Problem, type Api, type Principal } from '@payfan/service';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { endOf } from '../connection.ts';
import type { Connections } from '../connections.ts';
import type { FeedClient } from '../feed-client.ts';
import type { LiveMessage } from '../live-message.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { logOf, type TopicHub } from '../topic-hub.ts';
import {
  historyGone,
  takeSeat,
  topicFor,
  TopicParameter,
  verifiedOf,
  type AdmissionOptions,
} from './admission.ts';
import { Poll } from './poll.ts';

export interface EventRouteOptions extends AdmissionOptions {
  readonly hub: TopicHub;
  readonly feeds: FeedClient;
  readonly connections: Connections;
  readonly metrics: GatewayMetrics;
}

/** Longer, and proxies on the way give up first. */
const MOST_WAIT_SECONDS = 30;
/** Events of one page of the log. */
const MOST_EVENTS = 100;

const Query = z.strictObject({
  topic: TopicParameter,
  after: z.coerce
    .number()
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: 'The last number seen; without it from the oldest that is kept' }),
  limit: z.coerce.number().int().min(1).max(MOST_EVENTS).default(MOST_EVENTS),
  newest: z.enum(['true', 'false']).default('false').meta({
    description:
      'Of more than `limit` events the newest rather than the oldest, still in order: what comes between `after` and the first is skipped, and nothing is `history_gone`',
  }),
  wait: z.coerce
    .number()
    .int()
    .min(0)
    .max(MOST_WAIT_SECONDS)
    .default(0)
    .meta({ description: 'Seconds to wait for an event if there is none yet' }),
});
type Query = z.output<typeof Query>;

/** One topic by polling. */
export function eventsRoute(api: Api, options: EventRouteOptions): void {
  api.route(
    {
      method: 'get',
      path: '/v1/events',
      takesLong: true,
      summary: 'What happened on a topic after a number',
      description:
        'The events as on the socket, in order and without gaps. Give `next` as `after` to go on; with `wait`, the answer comes as soon as something happens. For topics with a log, which are those of accounts.',
      auth: 'required',
      query: Query,
      responses: { 200: { description: 'Events, the oldest first', schema: LiveEventPage } },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 410, code: 'history_gone', description: 'With `snapshot`, and `seq` to go on after' },
        { status: 429, code: 'too_many_connections' },
        { status: 503, code: 'temporarily_unavailable' },
      ],
    },
    async ({ principal, query, request }) => {
      const topic = await topicFor(principal, query.topic, options.mayFollow);
      const { messages, next } = await eventsAfter(options, { topic, query, principal, request });
      options.metrics.delivered.inc({ kind: 'poll' }, messages.length);
      const data = messages.map(({ body }) => body.toString()).join(',');
      return { status: 200, body: new JsonText(`{"data":[${data}],"next":${next}}`) };
    },
  );
}

interface Asked {
  readonly topic: string;
  readonly query: Query;
  readonly principal: Principal;
  readonly request: IncomingMessage;
}

async function eventsAfter(
  options: EventRouteOptions,
  asked: Asked,
): Promise<{ messages: readonly LiveMessage[]; next: number }> {
  const { topic, query, principal, request } = asked;
  const accountId = logOf(topic);
  if (accountId === undefined) {
    throw new Problem({ status: 400, code: 'invalid_request', detail: `${topic} has no log to be polled.` });
  }
  const { after = 0 } = query;
  // Reading is work, too: an account has as many polls under way as connections.
  const giveBack = takeSeat(options, principal, request);
  try {
    return await readOrWait(options, asked, accountId, after);
  } finally {
    giveBack();
  }
}

async function readOrWait(
  options: EventRouteOptions,
  asked: Asked,
  accountId: string,
  after: number,
): Promise<{ messages: readonly LiveMessage[]; next: number }> {
  const { topic, query } = asked;
  if (query.newest === 'true') return readNewestOrWait(options, asked, accountId, after);
  const { firstSeq, lastSeq, events } = await options.feeds.read(topic, accountId, after);
  const isGone = firstSeq > after + 1 || lastSeq < after;
  if (isGone && query.after !== undefined) throw historyGone(lastSeq);
  const last = isGone ? lastSeq : after;
  const messages = events.length > 0 || query.wait === 0 ? events : await waitFor(options, asked, last);
  const page = messages.slice(0, query.limit);
  return { messages: page, next: page.at(-1)?.seq ?? last };
}

/** A number that the log never reached is of one that is no more: then all of this one is new. */
async function readNewestOrWait(
  options: EventRouteOptions,
  asked: Asked,
  accountId: string,
  after: number,
): Promise<{ messages: readonly LiveMessage[]; next: number }> {
  const { topic, query } = asked;
  let page = await options.feeds.read(topic, accountId, after);
  const { lastSeq } = page;
  if (lastSeq < after || (page.events.at(-1)?.seq ?? lastSeq) < lastSeq) {
    page = await options.feeds.read(topic, accountId, Math.max(0, lastSeq - query.limit));
  }
  const messages =
    page.events.length > 0 || query.wait === 0 ? page.events : await waitFor(options, asked, lastSeq);
  const newest = messages.slice(-query.limit);
  return { messages: newest, next: newest.at(-1)?.seq ?? lastSeq };
}

/** The events that come next; none if none come in time, or the caller's token ends first. */
async function waitFor(
  options: EventRouteOptions,
  { topic, query, request }: Asked,
  after: number,
): Promise<readonly LiveMessage[]> {
  const endsInMs = endOf(await verifiedOf(options, request)) - performance.now();
  const poll = new Poll(query.limit, Math.min(query.wait * 1_000, endsInMs));
  const remove = options.connections.add(poll);
  const following = options.hub.follow(topic, after, poll);
  const leave = () => poll.sendAway();
  request.socket.once('close', leave);
  try {
    await Promise.race([following.begun, poll.over]);
    await poll.over;
    return poll.messages;
  } finally {
    request.socket.off('close', leave);
    following.end();
    remove();
  }
}
