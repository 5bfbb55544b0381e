import { Problem } from '@payfan/service';
import { z } from 'zod';
import { MailBehaviour } from '../behaviour.ts';
import { bareMessageId } from '../mail-message.ts';
import { attemptsRoutes } from './attempts-routes.ts';
import { behaviourRoutes } from './behaviour-routes.ts';
import { MailPageSchema, MailParams, MailSchema, PageQuery, SearchQuery } from './mail-schemas.ts';
import type { Api } from '@payfan/service';
import type { AttemptLog } from '../attempts.ts';
import type { Dial } from '../behaviour.ts';
import type { MailMessage } from '../mail-message.ts';
import type { Mailbox, MailPage } from '../mailbox.ts';

export interface MailApiOptions {
  readonly mailbox: Mailbox;
  readonly attempts: AttemptLog;
  readonly behaviour: Dial<MailBehaviour>;
}

/** MailHog's API over the mailbox, and beside it what tests need: the attempts, and how to behave. */
export function mailApi(api: Api, { mailbox, attempts, behaviour }: MailApiOptions): void {
  listRoutes(api, mailbox);
  messageRoutes(api, mailbox);
  attemptsRoutes(api, { attempts, normaliseReference: bareMessageId });
  behaviourRoutes(api, { behaviour, schema: MailBehaviour, what: 'mail server' });
}

function listRoutes(api: Api, mailbox: Mailbox): void {
  const responses = { 200: { description: 'Newest first', schema: MailPageSchema } };

  api.route(
    {
      method: 'GET',
      path: '/api/v2/messages',
      summary: 'List mails',
      auth: 'none',
      query: PageQuery,
      responses,
    },
    ({ query: { start, limit } }) => ({
      status: 200,
      body: toMailHog(mailbox.page({ start, limit }), start),
    }),
  );
  api.route(
    {
      method: 'GET',
      path: '/api/v2/search',
      summary: 'Search mails',
      auth: 'none',
      query: SearchQuery,
      responses,
    },
    ({ query: { kind, query, start, limit } }) => ({
      status: 200,
      body: toMailHog(mailbox.page({ start, limit, search: { kind, query } }), start),
    }),
  );
}

function toMailHog({ total, items }: MailPage, start: number) {
  return { total, count: items.length, start, items };
}

/** MailHog's own number for its first API, which knows no pages. */
const V1_LIST_LIMIT = 1_000;

function messageRoutes(api: Api, mailbox: Mailbox): void {
  const problems = [{ status: 404, code: 'not_found' }];
  const find = (id: string): MailMessage => mailbox.find(id) ?? noSuchMail();

  api.route(
    {
      method: 'GET',
      path: '/api/v1/messages',
      summary: 'The newest mails',
      auth: 'none',
      query: z.looseObject({}),
      responses: { 200: { description: 'Newest first', schema: z.array(MailSchema) } },
    },
    () => ({ status: 200, body: mailbox.page({ start: 0, limit: V1_LIST_LIMIT }).items }),
  );
  api.route(
    {
      method: 'DELETE',
      path: '/api/v1/messages',
      summary: 'Delete all mails',
      description: 'The attempts stay in their log.',
      auth: 'none',
      responses: { 200: { description: 'Deleted' } },
    },
    () => {
      mailbox.clear();
      return { status: 200 };
    },
  );
  api.route(
    {
      method: 'GET',
      path: '/api/v1/messages/{id}',
      summary: 'One mail',
      auth: 'none',
      params: MailParams,
      responses: { 200: { description: 'The mail', schema: MailSchema } },
      problems,
    },
    ({ params }) => ({ status: 200, body: find(params.id) }),
  );
  api.route(
    {
      method: 'DELETE',
      path: '/api/v1/messages/{id}',
      summary: 'Delete one mail',
      auth: 'none',
      params: MailParams,
      responses: { 200: { description: 'Deleted' } },
      problems,
    },
    ({ params }) => {
      if (!mailbox.remove(params.id)) noSuchMail();
      return { status: 200 };
    },
  );
  api.route(
    {
      method: 'GET',
      path: '/api/v1/messages/{id}/download',
      summary: 'One mail as a file',
      auth: 'none',
      params: MailParams,
      responses: {
        200: { description: 'As it was sent', contentType: 'message/rfc822', schema: z.string() },
      },
      problems,
    },
    ({ params }) => ({
      status: 200,
      body: find(params.id).Raw.Data,
      headers: { 'content-disposition': 'attachment; filename="mail.eml"' },
    }),
  );
}

function noSuchMail(): never {
  throw new Problem({
    status: 404,
    code: 'not_found',
    detail: 'There is no mail with this id; it may have been deleted, or dropped as the oldest.',
  });
}
