import { ReplayResult, type ReplayRequest } from '@payfan/contracts';
import { askEach, type Channels } from './channels.ts';
import type { ReplayOutcome } from './answers.ts';
import { concerned, only } from './dead-letters.ts';
import { byChannel } from './letter-id.ts';
import type { RemoteApi } from './remote-api.ts';
import { shareOut } from './replay-shares.ts';

const COUNT_TIMEOUT_MS = 5_000;
/** A channel ends a replay by itself well before this. */
const REPLAY_TIMEOUT_MS = 30_000;

/**
 * Replays letters on every channel concerned, at most `limit` in all, and at most `ratePerSecond` on each.
 * Counts first (a dry run everywhere), so that the limit can be shared out and `matched` is told of all. A
 * channel that does not answer is named, and what the others did is told all the same.
 */
export async function replayLetters(channels: Channels, request: ReplayRequest): Promise<ReplayOutcome> {
  const { ids, filter, dryRun, limit, ratePerSecond } = request;
  const idsOf = byChannel(ids ?? []);
  const those = filter === undefined ? only(channels, idsOf.keys()) : concerned(channels, filter);
  const ask = (channel: RemoteApi, how: { dryRun: boolean; limit: number; timeoutMs: number }) =>
    channel.post('/v1/dead-letters/replay', ReplayResult, {
      body: {
        ...(filter === undefined
          ? { ids: idsOf.get(channel.name) }
          : { filter: { ...filter, channel: undefined } }),
        dryRun: how.dryRun,
        limit: how.limit,
        ratePerSecond,
      },
      timeoutMs: how.timeoutMs,
    });

  const counted = await askEach(those, (channel) =>
    ask(channel, { dryRun: true, limit, timeoutMs: COUNT_TIMEOUT_MS }),
  );
  const matched = new Map([...counted.answers].map(([channel, answer]) => [channel, answer.matched]));
  if (dryRun) return { ...sumOf(counted.answers.values()), dryRun, unavailable: counted.unavailable };

  const shares = shareOut(matched, limit);
  const replayed = await askEach(only(channels, shares.keys()), (channel) =>
    ask(channel, { dryRun: false, limit: shares.get(channel.name) ?? 1, timeoutMs: REPLAY_TIMEOUT_MS }),
  );
  // What had no share, or has nothing to replay, is told as it was counted.
  const untouched = [...counted.answers]
    .filter(([channel]) => !shares.has(channel))
    .map(([, answer]) => answer);
  return {
    ...sumOf([...replayed.answers.values(), ...untouched]),
    dryRun,
    unavailable: [...counted.unavailable, ...replayed.unavailable],
  };
}

function sumOf(results: Iterable<ReplayResult>): Omit<ReplayResult, 'dryRun'> {
  const sum = { matched: 0, replayed: 0, remaining: 0, refused: 0 };
  for (const { matched, replayed, remaining, refused } of results) {
    sum.matched += matched;
    sum.replayed += replayed;
    sum.remaining += remaining;
    sum.refused += refused;
  }
  return sum;
}
