import { Streamed, type Api } from '@payfan/service';
import { z } from 'zod';
import type { Connections } from '../connections.ts';
import type { Limits } from '../limits.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Following, TopicHub } from '../topic-hub.ts';
import { takeSeat, topicFor, TopicParameter, verifiedOf, type AdmissionOptions } from './admission.ts';
import { EventStream } from './event-stream.ts';

export interface StreamRouteOptions extends AdmissionOptions {
  readonly hub: TopicHub;
  readonly connections: Connections;
  readonly limits: Limits;
  readonly metrics: GatewayMetrics;
}

const Seq = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** One topic as server-sent events. */
export function streamRoute(api: Api, options: StreamRouteOptions): void {
  api.route(
    {
      method: 'get',
      path: '/v1/stream',
      takesLong: true,
      summary: 'One topic as server-sent events',
      description:
        'Each event has its number as its id; a client that comes back with `Last-Event-ID` (or `after`) is told what it missed first. Without either only what is new is told. If the log no longer reaches back, an event `history_gone` names the snapshot, and what follows its id is told. `token-ends` and `reconnect` say that the connection will end: come back, with a new token after the first.',
      auth: 'required',
      query: z.strictObject({ topic: TopicParameter, after: Seq.optional() }),
      headers: z.object({ 'last-event-id': Seq.optional() }),
      responses: {
        200: {
          description: 'Events, for as long as both sides like',
          contentType: 'text/event-stream',
          schema: z.string(),
        },
      },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 429, code: 'too_many_connections' },
        { status: 503, code: 'temporarily_unavailable' },
      ],
    },
    async ({ principal, query, headers, request }) => {
      const topic = await topicFor(principal, query.topic, options.mayFollow);
      const verified = await verifiedOf(options, request);
      const after = headers['last-event-id'] ?? query.after;
      const giveBack = takeSeat(options, principal, request);
      const stream = new EventStream({
        verified,
        isResumed: after !== undefined,
        limits: options.limits,
        metrics: options.metrics,
        onEnd: () => {
          following.end();
          remove();
          giveBack();
        },
      });
      const remove = options.connections.add(stream);
      const following: Following = options.hub.follow(topic, after, stream);
      try {
        await following.begun;
      } catch (error) {
        stream.abandon();
        throw error;
      }
      return {
        status: 200,
        // nginx and its like would keep events until they have a bufferful.
        headers: { 'x-accel-buffering': 'no' },
        body: new Streamed((response) => stream.attach(response)),
      };
    },
  );
}
