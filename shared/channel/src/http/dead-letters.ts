import type { Queryable } from '@payfan/database';
import { Problem, type Api } from '@payfan/service';
import { pageOf } from '@payfan/contracts';
import { z } from 'zod';
import { findDeadLetter, listDeadLetters, type DeadLetterRow } from '../dead-letter-store.ts';

const DeadLetter = z
  .object({
    id: z.int(),
    subject: z.string().meta({ description: '`<event>.<role>`, or the digest of an unreadable message' }),
    eventId: z.uuid().nullable(),
    role: z.string().nullable(),
    transferId: z.uuid().nullable(),
    lane: z.string().nullable(),
    reason: z.string().meta({ description: 'rejected, exhausted, unreadable or delivery_limit' }),
    error: z.string(),
    attempts: z.int(),
    times: z.int().meta({ description: 'How often the same thing died' }),
    createdAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
  })
  .meta({ id: 'DeadLetter' });

const DeadLetterDetail = DeadLetter.extend({
  routingKey: z.string(),
  headers: z.record(z.string(), z.unknown()),
  body: z.string().meta({ description: 'As UTF-8; bytes that are none are shown as \uFFFD' }),
  bodyBase64: z.string().meta({ description: 'The exact bytes' }),
}).meta({ id: 'DeadLetterDetail' });

const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.coerce.number().int().min(1).optional(),
});

/** What this channel had to give up on. Operators only: messages hold what people were to be told. */
export function deadLetterRoutes(api: Api, database: Queryable): void {
  const forbidden = { status: 403, code: 'forbidden' };
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters',
      summary: 'Dead letters, newest first',
      auth: 'required',
      query: Page,
      responses: { 200: { description: 'A page of dead letters', schema: pageOf(DeadLetter) } },
      problems: [forbidden],
    },
    async ({ principal, query }) => {
      assertOperator(principal.kind);
      const rows = await listDeadLetters(database, { before: query.after ?? null, limit: query.limit + 1 });
      const data = rows.slice(0, query.limit).map(toDeadLetter);
      const nextCursor = rows.length > query.limit ? String(data.at(-1)?.id) : null;
      return { status: 200, body: { data, nextCursor } };
    },
  );
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters/{id}',
      summary: 'One dead letter, with the message as it came',
      auth: 'required',
      params: z.object({ id: z.coerce.number().int().min(1) }),
      responses: { 200: { description: 'The dead letter', schema: DeadLetterDetail } },
      problems: [forbidden, { status: 404, code: 'not_found' }],
    },
    async ({ principal, params }) => {
      assertOperator(principal.kind);
      const row = await findDeadLetter(database, params.id);
      if (row === undefined) {
        throw new Problem({
          status: 404,
          code: 'not_found',
          detail: 'There is no dead letter with this id.',
        });
      }
      const { routingKey, headers, body, ...summary } = row;
      return {
        status: 200,
        body: {
          ...toDeadLetter(summary),
          routingKey,
          headers,
          body: body.toString('utf8'),
          bodyBase64: body.toString('base64'),
        },
      };
    },
  );
}

function toDeadLetter(row: DeadLetterRow): z.input<typeof DeadLetter> {
  return { ...row, createdAt: row.createdAt.toISOString(), lastAt: row.lastAt.toISOString() };
}

function assertOperator(kind: string): void {
  if (kind === 'operator') return;
  throw new Problem({ status: 403, code: 'forbidden', detail: 'Dead letters are for operators only.' });
}
