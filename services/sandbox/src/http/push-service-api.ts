import type { IncomingMessage } from 'node:http';
import { Problem } from '@payfan/service';
import type { Api } from '@payfan/service';
import type { AttemptLog } from '../attempts.ts';
import { PushBehaviour } from '../behaviour.ts';
import type { Dial } from '../behaviour.ts';
import { MAX_BODY_BYTES } from '../push-service.ts';
import type { PushService } from '../push-service.ts';
import type { PushStore } from '../push-store.ts';
import type { Waits } from '../waits.ts';
import { attemptsRoutes } from './attempts-routes.ts';
import { behaviourRoutes } from './behaviour-routes.ts';
import {
  PushMessagesQuery,
  PushMessagesSchema,
  Subscribe,
  SubscriptionParams,
  SubscriptionSchema,
} from './push-service-schemas.ts';

export interface PushServiceApiOptions {
  readonly store: PushStore;
  readonly service: PushService;
  readonly attempts: AttemptLog;
  readonly behaviour: Dial<PushBehaviour>;
  readonly waits: Waits;
  /** What endpoints begin with: `http://127.0.0.1:8027`. */
  readonly origin: () => string;
}

/** A browser that subscribes, its push service, and what tests need: the messages, the attempts, and how to behave. */
export function pushServiceApi(api: Api, options: PushServiceApiOptions): void {
  subscriptionRoutes(api, options);
  sendRoute(api, options);
  messageRoutes(api, options.store);
  attemptsRoutes(api, options);
  behaviourRoutes(api, { behaviour: options.behaviour, schema: PushBehaviour, what: 'push service' });
}

function subscriptionRoutes(api: Api, { store, origin }: PushServiceApiOptions): void {
  api.route(
    {
      method: 'POST',
      path: '/subscriptions',
      summary: 'Subscribe, as a browser does',
      description: 'The answer is what `PushSubscription.toJSON()` gives in a browser, and an id.',
      auth: 'none',
      body: Subscribe,
      responses: { 201: { description: 'Subscribed', schema: SubscriptionSchema } },
    },
    ({ body: { applicationServerKey } }) => {
      const { id, keys } = store.subscribe(applicationServerKey);
      const p256dh = keys.publicKey.toString('base64url');
      return {
        status: 201,
        body: {
          id,
          endpoint: `${origin()}/push/${id}`,
          expirationTime: null,
          keys: { p256dh, auth: keys.auth.toString('base64url') },
        },
      };
    },
  );
  api.route(
    {
      method: 'DELETE',
      path: '/subscriptions/{id}',
      summary: 'Unsubscribe: from now on, messages are answered with 410',
      auth: 'none',
      params: SubscriptionParams,
      responses: { 204: { description: 'Unsubscribed' } },
      problems: [{ status: 404, code: 'not_found' }],
    },
    ({ params: { id } }) => {
      if (store.unsubscribe(id)) return { status: 204 };
      throw new Problem({ status: 404, code: 'not_found', detail: 'There is no such subscription.' });
    },
  );
}

function sendRoute(api: Api, { service, behaviour, waits, origin }: PushServiceApiOptions): void {
  api.route(
    {
      method: 'POST',
      path: '/push/{id}',
      takesLong: true,
      summary: 'Send a message to a subscription',
      description:
        'RFC 8030, with VAPID (RFC 8292) and aes128gcm (RFC 8291). Unlike a push service, this one deciphers the message, and refuses what no browser could read.',
      auth: 'none',
      params: SubscriptionParams,
      responses: {
        201: {
          description: 'Taken',
          headers: { location: 'The message', ttl: 'For how long it is kept, in seconds' },
        },
      },
      problems: [401, 403, 404, 410, 413, 415, 429, 503].map((status) => ({ status, code: 'push_refused' })),
    },
    async ({ params: { id }, request }) => {
      const { delayMs } = behaviour.current;
      const body = await readAtMost(request, MAX_BODY_BYTES);
      const { authorization } = request.headers;
      const header = (name: string) => textOf(request.headers[name]);
      const verdict = service.receive({
        subscription: id,
        authorization,
        ttl: header('ttl'),
        urgency: header('urgency'),
        topic: header('topic'),
        encoding: header('content-encoding'),
        body,
      });
      if (verdict.outcome === 'hung') {
        await waits.hang(request.socket, verdict.hang);
        // The line is closed; this is read by nobody.
        return { status: 201 };
      }
      await waits.pause(delayMs);
      if ('message' in verdict) {
        const { message } = verdict;
        const headers = { location: `${origin()}/messages/${message.id}`, ttl: String(message.ttlSeconds) };
        return { status: 201, headers };
      }
      throw new Problem({ code: 'push_refused', ...verdict });
    },
  );
}

function messageRoutes(api: Api, store: PushStore): void {
  api.route(
    {
      method: 'GET',
      path: '/messages',
      summary: 'What browsers would show, newest first',
      auth: 'none',
      query: PushMessagesQuery,
      responses: { 200: { description: 'The messages', schema: PushMessagesSchema } },
    },
    ({ query }) => ({ status: 200, body: { data: store.list(query), total: store.length } }),
  );
  api.route(
    {
      method: 'DELETE',
      path: '/messages',
      summary: 'Forget all messages',
      description: 'Subscriptions and the log of attempts stay.',
      auth: 'none',
      responses: { 204: { description: 'Forgotten' } },
    },
    () => {
      store.clear();
      return { status: 204 };
    },
  );
}

const textOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

/** To the end of the request, but keeps no more than one byte too many: enough to tell that it is too long. */
async function readAtMost(request: IncomingMessage, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (length <= bytes) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks).subarray(0, bytes + 1);
}
