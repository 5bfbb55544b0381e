import { Problem } from '@payfan/service';
import type { z } from 'zod';
import { SmsBehaviour } from '../behaviour.ts';
import { attemptsRoutes } from './attempts-routes.ts';
import { behaviourRoutes } from './behaviour-routes.ts';
import { ListQuery, SendSms, SmsListSchema, SmsParams, SmsSchema } from './sms-schemas.ts';
import type { Api } from '@payfan/service';
import type { AttemptLog } from '../attempts.ts';
import type { Dial } from '../behaviour.ts';
import type { SmsGateway, SmsVerdict } from '../sms-gateway.ts';
import type { Sms, SmsStore } from '../sms-store.ts';
import type { Waits } from '../waits.ts';

export interface SmsApiOptions {
  readonly store: SmsStore;
  readonly gateway: SmsGateway;
  readonly attempts: AttemptLog;
  readonly behaviour: Dial<SmsBehaviour>;
  readonly waits: Waits;
}

/** The gateway as its customers see it, and beside it what tests need: the attempts, and how to behave. */
export function smsApi(api: Api, options: SmsApiOptions): void {
  sendRoute(api, options);
  readRoutes(api, options);
  attemptsRoutes(api, options);
  behaviourRoutes(api, { behaviour: options.behaviour, schema: SmsBehaviour, what: 'gateway' });
}

function sendRoute(api: Api, { gateway, attempts, behaviour, waits }: SmsApiOptions): void {
  api.route(
    {
      method: 'POST',
      path: '/messages',
      takesLong: true,
      summary: 'Send an SMS',
      description:
        'The same reference is the same message: sending it again sends nothing, and answers the first.',
      auth: 'none',
      body: SendSms,
      responses: {
        201: { description: 'Accepted', schema: SmsSchema },
        200: { description: 'Was accepted before', schema: SmsSchema },
      },
      problems: [
        { status: 409, code: 'reference_reused' },
        { status: 422, code: 'recipient_rejected' },
        { status: 429, code: 'too_many_requests' },
        { status: 503, code: 'gateway_unavailable' },
      ],
      problemForInvalid() {
        gateway.receiveInvalid();
        return undefined;
      },
    },
    async ({ body, request }) => {
      const { delayMs } = behaviour.current;
      const verdict = gateway.receive(body);
      if (verdict.outcome === 'hung') {
        await waits.hang(request.socket, verdict.hang);
        // The line is closed; this is read by nobody.
        return { status: 200, body: shown(verdict.message, attempts) };
      }
      await waits.pause(delayMs);
      if ('message' in verdict) return { status: verdict.status, body: shown(verdict.message, attempts) };
      throw problemOf(verdict);
    },
  );
}

function readRoutes(api: Api, { store, attempts }: SmsApiOptions): void {
  api.route(
    {
      method: 'GET',
      path: '/messages',
      summary: 'List messages, newest first',
      auth: 'none',
      query: ListQuery,
      responses: { 200: { description: 'A page of messages', schema: SmsListSchema } },
    },
    ({ query: { to, limit, after } }) => {
      // One more than asked for tells whether there is a next page.
      const found = store.list({ to, before: after, limit: limit + 1 });
      const page = found.slice(0, limit);
      const nextCursor = found.length > page.length ? String(page.at(-1)?.sequence) : null;
      const data = page.map((message) => shown(message, attempts));
      return { status: 200, body: { data, nextCursor, total: store.length } };
    },
  );
  api.route(
    {
      method: 'DELETE',
      path: '/messages',
      summary: 'Forget all messages',
      description: 'Their references are free again. The attempts stay in their log.',
      auth: 'none',
      responses: { 204: { description: 'Forgotten' } },
    },
    () => {
      store.clear();
      return { status: 204 };
    },
  );
  api.route(
    {
      method: 'GET',
      path: '/messages/{reference}',
      summary: 'One message by its reference',
      description: 'Whoever got no answer to POST learns here whether the message was accepted.',
      auth: 'none',
      params: SmsParams,
      responses: { 200: { description: 'The message', schema: SmsSchema } },
      problems: [{ status: 404, code: 'not_found' }],
    },
    ({ params: { reference } }) => {
      const message = store.find(reference);
      if (message === undefined) {
        throw new Problem({
          status: 404,
          code: 'not_found',
          detail: 'No message with this reference was accepted.',
        });
      }
      return { status: 200, body: shown(message, attempts) };
    },
  );
}

function shown(message: Sms, attempts: AttemptLog): z.input<typeof SmsSchema> {
  return { ...message, status: 'accepted', attempts: attempts.countOf(message.reference) };
}

function problemOf(verdict: Exclude<SmsVerdict, { readonly message: Sms }>): Problem {
  const { status } = verdict;
  switch (verdict.outcome) {
    case 'conflict':
      return new Problem({
        status,
        code: 'reference_reused',
        detail: 'This reference belongs to a message to somebody else, or with another text: use a new one.',
      });
    case 'rejected':
      return new Problem({
        status,
        code: 'recipient_rejected',
        detail: 'This number takes no messages (asked for by reject).',
      });
    case 'throttled':
      return new Problem({
        status,
        code: 'too_many_requests',
        detail: 'Too many messages (asked for by failRate): wait as long as Retry-After says.',
        retryAfterSeconds: verdict.retryAfterSeconds,
      });
    case 'failed':
      return new Problem({
        status,
        code: 'gateway_unavailable',
        detail: 'The gateway is away (asked for by failRate): try again later.',
      });
  }
}
