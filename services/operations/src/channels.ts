import { Problem, type Logger } from '@payfan/service';
import { apiAt, type RemoteApi } from './remote-api.ts';

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

/**
 * Asks each of the channels. One that is down costs its own share, not the others'; only a refusal of the
 * caller (401, 403), which all would repeat, ends it.
 */
export async function askEach<T>(
  channels: Channels,
  ask: (channel: RemoteApi) => Promise<T>,
): Promise<Answers<T>> {
  const asked = await Promise.all(
    [...channels.urls].map(async ([name, url]) => {
      try {
        return { name, answer: await ask(apiAt(name, url, channels.authorization)) };
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
