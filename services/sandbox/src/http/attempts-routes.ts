import { z } from 'zod';
import { OUTCOMES } from '../attempts.ts';
import type { Api } from '@payfan/service';
import type { AttemptLog } from '../attempts.ts';

const AttemptSchema = z
  .object({
    sequence: z.int(),
    time: z.iso.datetime(),
    reference: z.string(),
    to: z.string(),
    outcome: z.enum(OUTCOMES),
    status: z.int().nullable(),
  })
  .meta({ id: 'Attempt' });

const AttemptsQuery = z.strictObject({
  reference: z.string().max(1_000).optional(),
  to: z.string().max(320).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

export interface AttemptsRoutesOptions {
  readonly attempts: AttemptLog;
  /** What the log's `reference` is called outside, brought into the log's form. */
  readonly normaliseReference?: (reference: string) => string;
}

/** `GET|DELETE /attempts`: what was tried on us, alike for mail and SMS. */
export function attemptsRoutes(api: Api, options: AttemptsRoutesOptions): void {
  const { attempts, normaliseReference = (reference: string) => reference } = options;

  api.route(
    {
      method: 'GET',
      path: '/attempts',
      summary: 'Every attempt to send, oldest first',
      description:
        'Includes those that were refused, failed or never answered. Follow the log by passing the last sequence as `after`.',
      auth: 'none',
      query: AttemptsQuery,
      responses: {
        200: {
          description: 'A page of the log',
          schema: z.object({
            data: z.array(AttemptSchema),
            nextCursor: z.string().nullable(),
            total: z.int().meta({ description: 'Attempts in the whole log' }),
          }),
        },
      },
    },
    ({ query: { reference, ...query } }) => {
      // One more than asked for tells whether there is a next page.
      const found = attempts.list({
        ...query,
        limit: query.limit + 1,
        reference: reference === undefined ? undefined : normaliseReference(reference),
      });
      const data = found.slice(0, query.limit);
      const nextCursor = found.length > data.length ? String(data.at(-1)?.sequence) : null;
      return { status: 200, body: { data, nextCursor, total: attempts.length } };
    },
  );

  api.route(
    {
      method: 'DELETE',
      path: '/attempts',
      summary: 'Forget all attempts',
      auth: 'none',
      responses: { 204: { description: 'Forgotten' } },
    },
    () => {
      attempts.clear();
      return { status: 204 };
    },
  );
}
