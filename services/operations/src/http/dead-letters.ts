import { DeadLetterDetail, DeadLetterId, ReplayRequest } from '@payfan/contracts';
import type { Api, Logger } from '@payfan/service';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Channels, ChannelUrls } from '../channels.ts';
import { GroupsQuery, LetterGroups, LetterPage, LettersQuery, ReplayOutcome } from '../answers.ts';
import { findLetter, groupLetters, listLetters } from '../dead-letters.ts';
import { replayLetters } from '../replay.ts';
import { assertOperator } from './operator.ts';

const forbidden = { status: 403, code: 'forbidden' };

/** What all channels gave up, in one list, and its replay. */
export function deadLetterRoutes(
  api: Api,
  { channels, logger }: { channels: ChannelUrls; logger: Logger },
): void {
  const as = (request: IncomingMessage): Channels => ({
    urls: channels,
    authorization: request.headers.authorization ?? '',
    logger,
  });
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters',
      summary: 'Dead letters of all channels, newest first',
      description:
        'Without `state`, those that are open. A page may be short of a channel that is away: it is named in ' +
        '`unavailable`, and comes in where it left off as soon as it is back.',
      auth: 'required',
      query: LettersQuery,
      responses: { 200: { description: 'A page of dead letters', schema: LetterPage } },
      problems: [forbidden],
    },
    async ({ principal, query, request }) => {
      assertOperator(principal);
      return { status: 200, body: await listLetters(as(request), query) };
    },
  );
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters/groups',
      summary: 'Dead letters by what they died of, the commonest first',
      auth: 'required',
      query: GroupsQuery,
      responses: { 200: { description: 'Every group', schema: LetterGroups } },
      problems: [forbidden],
    },
    async ({ principal, query, request }) => {
      assertOperator(principal);
      return { status: 200, body: await groupLetters(as(request), query) };
    },
  );
  api.route(
    {
      method: 'get',
      path: '/v1/dead-letters/{id}',
      summary: 'One dead letter, with the message as it came',
      auth: 'required',
      params: z.strictObject({ id: DeadLetterId }),
      responses: { 200: { description: 'The dead letter', schema: DeadLetterDetail } },
      problems: [
        forbidden,
        { status: 404, code: 'not_found' },
        { status: 503, code: 'temporarily_unavailable' },
      ],
    },
    async ({ principal, params, request }) => {
      assertOperator(principal);
      return { status: 200, body: await findLetter(as(request), params.id) };
    },
  );
  api.route(
    {
      method: 'post',
      path: '/v1/dead-letters/replay',
      takesLong: true,
      summary: 'Send dead letters round again',
      description:
        'Some by id, or all that a filter matches, up to `limit` over all channels; call again while `remaining` ' +
        'is not 0. A letter that was replayed is not open any more, so calling twice sends nothing twice.',
      auth: 'required',
      body: ReplayRequest,
      responses: { 200: { description: 'What it came to', schema: ReplayOutcome } },
      problems: [forbidden],
    },
    async ({ principal, body, request }) => {
      assertOperator(principal);
      return { status: 200, body: await replayLetters(as(request), body) };
    },
  );
}
