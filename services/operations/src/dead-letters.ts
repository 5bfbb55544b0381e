import {
  DeadLetter,
  DeadLetterDetail,
  DeadLetterGroup,
  pageOf,
  type DeadLetterFilter,
} from '@payfan/contracts';
import { Problem } from '@payfan/service';
import { z } from 'zod';
import { askEach, type Channels } from './channels.ts';
import type { LetterGroups, LetterPage } from './answers.ts';
import { channelOf } from './letter-id.ts';
import { fromCursor, mergePages, toCursor } from './letter-pages.ts';
import { apiAt, RemoteFailed } from './remote-api.ts';

/** A page of all channels' dead letters, newest first. `after` is the `nextCursor` of the page before. */
export async function listLetters(
  channels: Channels,
  { limit, after, ...filter }: DeadLetterFilter & { limit: number; after?: string | undefined },
): Promise<LetterPage> {
  const position = after === undefined ? {} : fromCursor(after);
  if (position === undefined) throw invalid('after: must be the nextCursor of a page before');
  const { answers, unavailable } = await askEach(concerned(channels, filter), (channel) => {
    const query = queryOf(filter, { limit, after: position[channel.name] });
    return channel.get(`/v1/dead-letters?${query}`, pageOf(DeadLetter));
  });
  const { data, next } = mergePages(position, answers, {
    limit,
    isWhole: unavailable.length === 0,
  });
  return { data, nextCursor: next === null ? null : toCursor(next), unavailable };
}

/** What letters died of, the commonest first. */
export async function groupLetters(channels: Channels, filter: DeadLetterFilter): Promise<LetterGroups> {
  const { answers, unavailable } = await askEach(concerned(channels, filter), (channel) =>
    channel.get(`/v1/dead-letters/groups?${queryOf(filter)}`, z.object({ data: z.array(DeadLetterGroup) })),
  );
  const groups = [...answers.values()].flatMap(({ data }) => data);
  groups.sort((a, b) => b.count - a.count || b.newestAt.localeCompare(a.newestAt));
  return { data: groups, unavailable };
}

/** One letter with its message. Rejects with a 404 problem if there is none, 503 if its channel is away. */
export async function findLetter(channels: Channels, id: string): Promise<DeadLetterDetail> {
  const channel = channelOf(id);
  const url = channels.urls.get(channel);
  const notFound = new Problem({ status: 404, code: 'not_found', detail: `There is no dead letter ${id}.` });
  if (url === undefined) throw notFound;
  try {
    const api = apiAt(channel, url, channels.authorization);
    return await api.get(`/v1/dead-letters/${encodeURIComponent(id)}`, DeadLetterDetail);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof RemoteFailed && error.status === 404) throw notFound;
    throw new Problem({
      status: 503,
      code: 'temporarily_unavailable',
      detail: `The channel ${channel}, which keeps this letter, does not answer at the moment.`,
      retryAfterSeconds: 2,
      cause: error,
    });
  }
}

/** Those of the channels that a filter means. */
export function concerned(channels: Channels, { channel }: Pick<DeadLetterFilter, 'channel'>): Channels {
  return channel === undefined ? channels : only(channels, [channel]);
}

/** Some of the channels by name. Rejects with a 400 problem where there is no such channel. */
export function only(channels: Channels, names: Iterable<string>): Channels {
  const urls = new Map<string, string>();
  for (const name of names) {
    const url = channels.urls.get(name);
    if (url === undefined) {
      throw invalid(`There is no channel ${name}. There are: ${[...channels.urls.keys()].join(', ')}.`);
    }
    urls.set(name, url);
  }
  return { ...channels, urls };
}

/** What to ask a channel, which has no need of its own name. */
function queryOf(
  { channel: _, ...filter }: DeadLetterFilter,
  page: Record<string, string | number | undefined> = {},
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries<string | number | undefined>({ ...filter, ...page })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.toString();
}

function invalid(detail: string): Problem {
  return new Problem({ status: 400, code: 'invalid_request', detail });
}
