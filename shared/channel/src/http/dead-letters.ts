import {
  DeadLetter,
  DeadLetterDetail,
  DeadLetterFilter,
  DeadLetterGroup,
  DeadLetterId,
  DeadLetterQuery,
  pageOf,
  ReplayRequest,
  ReplayResult,
} from '@payfan/contracts';
import { Problem, type Api, type Principal } from '@payfan/service';
import { z } from 'zod';
import {
  findDeadLetter,
  groupDeadLetters,
  listDeadLetters,
  type DeadLetterRow,
  type Selection,
} from '../dead-letter-search.ts';
import { ReplayInterrupted, replayDeadLetters, type ReplayAround } from '../replay.ts';

const forbidden = { status: 403, code: 'forbidden' };

/** What this channel had to give up on. Operators only: messages hold what people were to be told. */
export function deadLetterRoutes(api: Api, around: ReplayAround): void {
  const { channel, database } = around;
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters',
      summary: 'Dead letters, newest first',
      auth: 'required',
      query: DeadLetterQuery,
      responses: { 200: { description: 'A page of dead letters', schema: pageOf(DeadLetter) } },
      problems: [forbidden],
    },
    async ({ principal, query: { limit, after, ...filter } }) => {
      assertOperator(principal);
      const before = after === undefined ? null : cursorOf(after);
      const selection = selectionOf(channel, filter);
      const rows = await listDeadLetters(database, selection, { before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const nextCursor = rows.length > limit ? String(page.at(-1)?.id) : null;
      return { status: 200, body: { data: page.map((row) => toDeadLetter(channel, row)), nextCursor } };
    },
  );
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters/groups',
      summary: 'What dead letters died of, the most frequent first',
      description: 'At most 200 groups.',
      auth: 'required',
      query: DeadLetterFilter,
      responses: {
        200: { description: 'The groups', schema: z.object({ data: z.array(DeadLetterGroup) }) },
      },
      problems: [forbidden],
    },
    async ({ principal, query }) => {
      assertOperator(principal);
      const rows = await groupDeadLetters(database, selectionOf(channel, query));
      const data = rows.map(({ sampleId, oldestAt, newestAt, ...row }) => ({
        channel,
        ...row,
        oldestAt: oldestAt.toISOString(),
        newestAt: newestAt.toISOString(),
        sampleId: `${channel}-${sampleId}`,
      }));
      return { status: 200, body: { data } };
    },
  );
  api.route(
    {
      method: 'post',
      path: '/v1/dead-letters/replay',
      takesLong: true,
      summary: 'Sends the messages of open dead letters round again',
      description:
        'Each at most once for each time it died, so nobody is told twice. One call replays at most `limit` letters and works for about 5 seconds; `remaining` says whether to call again.',
      auth: 'required',
      body: ReplayRequest,
      responses: { 200: { description: 'What it came to', schema: ReplayResult } },
      problems: [forbidden, { status: 503, code: 'temporarily_unavailable' }],
    },
    async ({ principal, body: { ids, filter, ...wish } }) => {
      assertOperator(principal);
      const selection =
        filter === undefined ? { ids: numbersOf(channel, ids ?? []) } : selectionOf(channel, filter);
      const by = principal.name;
      return {
        status: 200,
        body: await orUnavailable(replayDeadLetters(around, { ...wish, selection, by })),
      };
    },
  );
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters/{id}',
      summary: 'One dead letter, with the message as it came and what was done about it',
      auth: 'required',
      params: z.object({ id: DeadLetterId }),
      responses: { 200: { description: 'The dead letter', schema: DeadLetterDetail } },
      problems: [forbidden, { status: 404, code: 'not_found' }],
    },
    async ({ principal, params }) => {
      assertOperator(principal);
      const [id] = numbersOf(channel, [params.id]);
      const row = id === undefined ? undefined : await findDeadLetter(database, id);
      if (row === undefined) {
        const detail = 'There is no dead letter with this id.';
        throw new Problem({ status: 404, code: 'not_found', detail });
      }
      const { routingKey, headers, body, history, ...summary } = row;
      return {
        status: 200,
        body: {
          ...toDeadLetter(channel, summary),
          routingKey,
          headers,
          body: body.toString('utf8'),
          bodyBase64: body.toString('base64'),
          history: history.map(({ at, by }) => ({ at: at.toISOString(), by })),
        },
      };
    },
  );
}

function toDeadLetter(channel: string, { id, ...row }: DeadLetterRow): DeadLetter {
  return {
    ...row,
    id: `${channel}-${id}`,
    channel,
    createdAt: row.createdAt.toISOString(),
    lastAt: row.lastAt.toISOString(),
  };
}

/** A filter for another channel's letters selects none of ours. */
function selectionOf(channel: string, filter: DeadLetterFilter): Selection {
  return filter.channel === undefined || filter.channel === channel ? { filter } : { ids: [] };
}

/** The numbers of those letters that are this channel's. */
function numbersOf(channel: string, ids: readonly string[]): number[] {
  const own = ids.filter((id) => id.startsWith(`${channel}-`));
  return own.flatMap((id) => numberOf(id.slice(channel.length + 1)) ?? []);
}

function numberOf(text: string): number | undefined {
  const number = Number(text);
  return /^[1-9][0-9]*$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}

/** The number of the last letter on the page before. */
function cursorOf(after: string): number {
  const before = numberOf(after);
  if (before !== undefined) return before;
  const message = 'must be the nextCursor of an earlier answer';
  throw new Problem({
    status: 400,
    code: 'invalid_request',
    detail: `The query is not valid: after ${message}.`,
    errors: [{ in: 'query', path: 'after', message }],
  });
}

async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ReplayInterrupted)) throw error;
    throw new Problem({
      status: 503,
      code: 'temporarily_unavailable',
      detail: `The message broker does not answer at the moment: ${error.replayed} replayed, the others are open still.`,
      retryAfterSeconds: 5,
      cause: error,
    });
  }
}

function assertOperator(principal: Principal): asserts principal is Extract<Principal, { kind: 'operator' }> {
  if (principal.kind === 'operator') return;
  throw new Problem({ status: 403, code: 'forbidden', detail: 'Dead letters are for operators only.' });
}
