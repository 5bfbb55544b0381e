import { REPLAY_LIMIT } from '@payfan/contracts';
import { ReplayOutcome } from '../answers.ts';
import { CommandFailed } from './errors.ts';
import type { OperationsClient } from './operations-client.ts';

/** Some letters by id, or those that a filter matches. */
export type Selection = { ids: readonly string[] } | { filter: Readonly<Record<string, string>> };

/** Letters that were counted, as of when. */
export interface Counted {
  outcome: ReplayOutcome;
  selection: Selection;
}

/** A call does so much, so that progress is seen, and Ctrl-C is heard, about as often. */
const STEP_SECONDS = 2;

/**
 * Counts what a replay would send. What it then means by a filter are letters that had died by now, to the
 * second and by the clock of operations: one that dies again at once would be sent round for ever.
 */
export async function countLetters(operations: OperationsClient, selection: Selection): Promise<Counted> {
  const outcome = await operations.replay(ReplayOutcome, { ...selection, dryRun: true });
  if ('ids' in selection) return { outcome, selection };
  const { filter } = selection;
  const now = operations.answeredAt.toISOString();
  const until = filter['until'] !== undefined && filter['until'] < now ? filter['until'] : now;
  return { outcome, selection: { filter: { ...filter, until } } };
}

export interface ReplayingOptions {
  /** Letters a second, on each channel. */
  ratePerSecond: number;
  /** No call is begun after it is aborted. */
  interrupted: AbortSignal;
  /** Told after each call. */
  onProgress: (progress: { replayed: number; remaining: number }) => void;
}

/**
 * Replays them, call after call; one that dies again in the first second may count twice. Ends early when a
 * call gets nowhere: what is left then is in somebody else's hands, or its channel is away.
 *
 * @throws CommandFailed that also says how many were replayed until then
 */
export async function replayAll(
  operations: OperationsClient,
  { outcome: { matched, refused }, selection }: Counted,
  { ratePerSecond, interrupted, onProgress }: ReplayingOptions,
): Promise<ReplayOutcome> {
  const step = Math.min(ratePerSecond * STEP_SECONDS, REPLAY_LIMIT);
  const unavailable = new Set<string>();
  let replayed = 0;
  let remaining = matched;
  for (const part of partsOf(selection, step)) {
    if (interrupted.aborted) break;
    const request = { ...part, limit: step, ratePerSecond };
    const outcome = await operations.replay(ReplayOutcome, request).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new CommandFailed(`${reason} Until then ${replayed} of ${matched} were replayed.`);
    });
    replayed += outcome.replayed;
    remaining = 'ids' in part ? Math.max(0, matched - replayed) : outcome.remaining;
    for (const channel of outcome.unavailable) unavailable.add(channel);
    onProgress({ replayed, remaining });
    if ('filter' in part && (outcome.remaining === 0 || outcome.replayed === 0)) break;
  }
  return { dryRun: false, matched, replayed, remaining, refused, unavailable: [...unavailable] };
}

/** Ids in parts of a call each; a filter again and again, as it matches what is left. */
function* partsOf(selection: Selection, size: number): Generator<Selection> {
  if ('ids' in selection) {
    for (let at = 0; at < selection.ids.length; at += size) yield { ids: selection.ids.slice(at, at + size) };
  } else {
    for (;;) yield selection;
  }
}
