import { ECDH } from 'node:crypto';
import type { Database } from '@payfan/database';
import { Problem, type Api, type Principal } from '@payfan/service';
import { z } from 'zod';
import { LONGEST_ENDPOINT, readEndpoint, type EndpointRules } from '../web-push/endpoint.ts';
import { MOST_SUBSCRIPTIONS, subscribe, unsubscribe } from '../web-push/subscription-store.ts';

export interface PushSubscriptionRoutesOptions {
  database: Database;
  rules: EndpointRules;
  /** What browsers subscribe for. */
  publicKey: () => Promise<string>;
}

/** An uncompressed point of P-256 in base64url, on the curve: else no message to it could be enciphered. */
const PublicKey = z
  .string()
  .refine(
    (key) => /^B[\w-]{86}$/.test(key) && isOnCurve(key),
    'must be a public key of P-256 in base64url without padding',
  );

/** 16 bytes in base64url. */
const AuthSecret = z.string().regex(/^[\w-]{22}$/, 'must be 16 bytes in base64url without padding');

/** The latest that a Date holds. */
const MAX_TIME_MS = 8.64e15;

const Subscription = z
  .object({
    id: z.uuid(),
    endpoint: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'PushSubscription' });

/** Where browsers subscribe to be told while the app is closed. */
export function pushSubscriptionRoutes(api: Api, options: PushSubscriptionRoutesOptions): void {
  const Endpoint = endpointSchema(options.rules);
  keyRoute(api, options);
  subscribeRoute(api, options, Endpoint);
  unsubscribeRoute(api, options, Endpoint);
}

function keyRoute(api: Api, { publicKey }: PushSubscriptionRoutesOptions): void {
  api.route(
    {
      method: 'get',
      path: '/v1/push-subscriptions/key',
      summary: 'The key to subscribe for',
      description: 'What a browser wants as `applicationServerKey`: the public VAPID key (RFC 8292).',
      auth: 'required',
      responses: { 200: { description: 'The key', schema: z.object({ publicKey: z.string() }) } },
      problems: [{ status: 403, code: 'forbidden' }],
    },
    async ({ principal }) => {
      accountOf(principal);
      return { status: 200, body: { publicKey: await publicKey() } };
    },
  );
}

function subscribeRoute(
  api: Api,
  { database }: PushSubscriptionRoutesOptions,
  Endpoint: z.ZodType<string>,
): void {
  const answer = { schema: Subscription };
  api.route(
    {
      method: 'post',
      path: '/v1/push-subscriptions',
      summary: 'Tell this browser',
      description: `Takes what \`PushSubscription.toJSON()\` gives. The same endpoint again is the same browser, so send it whenever the app opens. An account has ${MOST_SUBSCRIPTIONS} browsers at most; one more takes the place of the one not heard of for the longest time.`,
      auth: 'required',
      body: z
        .strictObject({
          endpoint: Endpoint,
          keys: z.strictObject({ p256dh: PublicKey, auth: AuthSecret }),
          expirationTime: z
            .number()
            .min(0)
            .max(MAX_TIME_MS)
            .nullable()
            .optional()
            .meta({ description: 'Milliseconds since the epoch' }),
        })
        .meta({ id: 'SubscribeBrowser' }),
      responses: {
        201: { description: 'Subscribed', ...answer },
        200: { description: 'Was subscribed before, and is brought up to date', ...answer },
      },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 409, code: 'endpoint_taken' },
      ],
    },
    async ({ principal, body: { endpoint, keys, expirationTime } }) => {
      const subscribed = await subscribe(database, {
        accountId: accountOf(principal),
        endpoint,
        ...keys,
        expiresAt: typeof expirationTime === 'number' ? new Date(expirationTime) : null,
      });
      if (subscribed.kind === 'taken') throw taken();
      const { kind, id, createdAt } = subscribed;
      return {
        status: kind === 'created' ? 201 : 200,
        body: { id, endpoint, createdAt: createdAt.toISOString() },
      };
    },
  );
}

function unsubscribeRoute(
  api: Api,
  { database }: PushSubscriptionRoutesOptions,
  Endpoint: z.ZodType<string>,
): void {
  api.route(
    {
      method: 'delete',
      path: '/v1/push-subscriptions',
      summary: 'Tell this browser no more',
      description:
        'By its endpoint, which is what a browser knows of itself. Does nothing if it is not there.',
      auth: 'required',
      body: z.strictObject({ endpoint: Endpoint }).meta({ id: 'UnsubscribeBrowser' }),
      responses: { 204: { description: 'Forgotten' } },
      problems: [{ status: 403, code: 'forbidden' }],
    },
    async ({ principal, body: { endpoint } }) => {
      await unsubscribe(database, accountOf(principal), endpoint);
      return { status: 204 };
    },
  );
}

/** In its one spelling. */
function endpointSchema(rules: EndpointRules): z.ZodType<string> {
  return z
    .string()
    .max(LONGEST_ENDPOINT)
    .transform((text, context) => {
      const endpoint = readEndpoint(text, rules);
      if (endpoint !== undefined) return endpoint.url.href;
      context.addIssue({
        code: 'custom',
        message: 'must be an address of a push service that is known here',
      });
      return z.NEVER;
    });
}

function isOnCurve(key: string): boolean {
  try {
    ECDH.convertKey(key, 'prime256v1', 'base64url');
    return true;
  } catch {
    return false;
  }
}

function accountOf(principal: Principal): string {
  if (principal.kind === 'account') return principal.accountId;
  throw new Problem({
    status: 403,
    code: 'forbidden',
    detail: 'Only an account can be told by its browsers.',
  });
}

const taken = () =>
  new Problem({
    status: 409,
    code: 'endpoint_taken',
    detail: 'This endpoint belongs to a browser with other keys: subscribe anew in the browser.',
  });
