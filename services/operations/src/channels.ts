import { Problem, type Logger } from '@payfan/service';
import type { z } from 'zod';
import { getAs, postAs } from './as-caller.ts';

/** Channel name → base URL. */
export type ChannelUrls = ReadonlyMap<string, string>;

/** The channels as one caller reaches them: a channel shows and does what that caller may. */
export interface Channels {
  urls: ChannelUrls;
  authorization: string;
  logger: Logger;
}

/** What those channels said that said something, in the order of the configuration, and who did not. */
export interface Answers<T> {
  answers: Map<string, T>;
  unavailable: string[];
}

/** A channel's API for one caller. Each call rejects unless the answer is of its schema. */
export interface ChannelApi {
  name: string;
  get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>>;
  post<S extends z.ZodType>(
    path: string,
    schema: S,
    request: { body: object; timeoutMs: number },
  ): Promise<z.output<S>>;
}

/** A channel answered, but with nothing that we can use. */
export class ChannelFailed extends Error {
  readonly status: number;
  constructor(method: string, url: URL, status: number) {
    super(`${method} ${url.href} answered ${status}`);
    this.name = 'ChannelFailed';
    this.status = status;
  }
}

/**
 * Asks each of the channels. One that is down costs its own share, not the others'; only a refusal of the
 * caller (401, 403), which all would repeat, ends it.
 */
export async function askEach<T>(
  channels: Channels,
  ask: (channel: ChannelApi) => Promise<T>,
): Promise<Answers<T>> {
  const asked = await Promise.all(
    [...channels.urls].map(async ([name, url]) => {
      try {
        return { name, answer: await ask(channelApi(name, url, channels.authorization)) };
      } catch (error) {
        if (error instanceof Problem) throw error;
        channels.logger.warn(
          { channel: name, err: error },
          'channel left out: it does not answer as it should',
        );
        return { name, answer: undefined };
      }
    }),
  );
  return {
    answers: new Map(asked.flatMap(({ name, answer }) => (answer === undefined ? [] : [[name, answer]]))),
    unavailable: asked.flatMap(({ name, answer }) => (answer === undefined ? [name] : [])),
  };
}

/** One channel's API, as this caller. Refusals of the caller become problems of ours. */
export function channelApi(name: string, baseUrl: string, authorization: string): ChannelApi {
  const read = async <S extends z.ZodType>(method: string, url: URL, response: Response, schema: S) => {
    if (response.ok) return schema.parse(await response.json());
    await response.body?.cancel();
    if (response.status === 401) throw new Problem({ status: 401, code: 'unauthenticated' });
    if (response.status === 403) throw new Problem({ status: 403, code: 'forbidden' });
    throw new ChannelFailed(method, url, response.status);
  };
  return {
    name,
    async get(path, schema) {
      const url = new URL(path, baseUrl);
      return read('GET', url, await getAs(authorization, url), schema);
    },
    async post(path, schema, request) {
      const url = new URL(path, baseUrl);
      return read('POST', url, await postAs(authorization, url, request), schema);
    },
  };
}
