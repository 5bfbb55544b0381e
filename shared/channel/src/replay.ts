import {
  CLOUDEVENTS_JSON,
  RETRY_STEPS,
  ROUTING_KEY_HEADER,
  retryExchange,
  retryRoutingKey,
  type ReplayRequest,
  type ReplayResult,
} from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { pause, type Broker } from '@payfan/messaging';
import type { Logger } from '@payfan/service';
import type { Selection } from './dead-letter-search.ts';
import { ownHeaders } from './headers.ts';
import type { ChannelMetrics } from './metrics.ts';
import {
  findOpenLetters,
  leaseLetters,
  reviveDeliveries,
  settleLetters,
  type LeasedLetter,
} from './replay-store.ts';

/** What a replay works with: the letters' channel and what surrounds it. */
export interface ReplayAround {
  channel: string;
  database: Queryable;
  broker: Pick<Broker, 'publish' | 'publishable'>;
  logger: Logger;
  metrics: Pick<ChannelMetrics, 'deadLettersReplayed'>;
  /** A clock that only goes forward, in milliseconds. */
  nowMs: () => number;
}

export interface ReplayWish extends Pick<ReplayRequest, 'dryRun' | 'limit' | 'ratePerSecond'> {
  selection: Selection;
  /** Who asks for it; kept with each letter. */
  by: string;
}

/** Letters leased at once, and at most for a second's worth of publishing. */
const BATCH = 50;
/** Longer than a batch takes, its confirms included; a process that dies in one keeps others waiting so long. */
const LEASE_SECONDS = 30;
/** No batch is begun after this: whoever asks waits for the answer, and a service has ten seconds to stop. */
const BUDGET_MS = 5_000;

/** The broker took no (more) messages. Letters that were not replayed are open; try again later. */
export class ReplayInterrupted extends Error {
  readonly replayed: number;
  constructor(replayed: number, cause: unknown) {
    super('the broker does not take messages, so a replay was broken off: try again when it is back', {
      cause,
    });
    this.name = 'ReplayInterrupted';
    this.replayed = replayed;
  }
}

/**
 * Sends the messages of open letters round again, the longest dead first: each straight to its lane, with all
 * its attempts before it. Nobody is told twice, however often and by however many it is called.
 *
 * Commits before it publishes. A letter is leased, its delivery made claimable, the message published and
 * confirmed, and only then is the letter `replayed`; whatever fails or dies on the way leaves it open, for
 * the next replay to publish once more. A message published twice is harmless, as its delivery is claimed
 * once. One that dies again before it is marked stays open.
 *
 * @throws ReplayInterrupted when the broker is away
 */
export async function replayDeadLetters(around: ReplayAround, wish: ReplayWish): Promise<ReplayResult> {
  const { database, broker, logger, metrics, nowMs } = around;
  const { selection, by, dryRun, ratePerSecond } = wish;
  const { matched, refused, deaths } = await findOpenLetters(database, selection, wish.limit);
  let replayed = 0;
  let failure: unknown;
  if (!dryRun) {
    const waitForTurn = turns(ratePerSecond, nowMs);
    const size = Math.min(BATCH, ratePerSecond);
    const endMs = nowMs() + BUDGET_MS;
    // Each is tried once: one that is refused again must not go round as long as this call lasts.
    let left = deaths;
    while (left.length > 0 && failure === undefined && nowMs() < endMs) {
      // While the broker is known to be away nothing is touched.
      if (!broker.publishable) {
        failure = new Error('the broker is not connected, or blocks publishers');
        break;
      }
      const letters = await leaseLetters(database, left, { limit: size, seconds: LEASE_SECONDS });
      if (letters.length === 0) break;
      const tried = new Set(letters.map(({ id }) => id));
      left = left.filter(({ id }) => !tried.has(id));
      const batch = await replayBatch(around, letters, { by, waitForTurn });
      replayed += batch.replayed;
      failure = batch.failure;
      metrics.deadLettersReplayed.inc(batch.replayed);
    }
  }
  const result = { dryRun, matched, replayed, remaining: Math.max(0, matched - replayed), refused };
  const about = { by, ...('filter' in selection ? selection : { letters: selection.ids.length }), ...result };
  if (failure !== undefined) {
    logger.warn({ ...about, err: failure }, 'replay of dead letters broken off');
    throw new ReplayInterrupted(replayed, failure);
  }
  logger.info(about, dryRun ? 'dead letters counted for a replay' : 'dead letters replayed');
  if (refused > 0 && !dryRun) {
    logger.warn(
      { by, refused, reason: 'untrusted_publisher' },
      'dead letters not replayed: their messages did not come from the service that publishes such events',
    );
  }
  return result;
}

/** Leased letters, each published unless its delivery is sent by now. After a failure no more are begun. */
async function replayBatch(
  around: ReplayAround,
  letters: LeasedLetter[],
  { by, waitForTurn }: { by: string; waitForTurn: () => Promise<void> },
): Promise<{ replayed: number; failure: unknown }> {
  const { database, logger } = around;
  const told = await reviveDeliveries(database, letters);
  const replayed: LeasedLetter[] = letters.filter(({ id }) => told.has(id));
  let failure: unknown;
  const publishing: Promise<void>[] = [];
  for (const letter of letters) {
    if (told.has(letter.id)) continue;
    await waitForTurn();
    if (failure !== undefined) break;
    publishing.push(
      publish(around, letter).then(
        () => void replayed.push(letter),
        (error: unknown) => void (failure ??= error),
      ),
    );
  }
  await Promise.all(publishing);
  const done = new Set(replayed);
  await settleLetters(database, { replayed, unsent: letters.filter((letter) => !done.has(letter)), by });
  for (const { id, subject } of replayed) logger.debug({ letter: id, subject, by }, 'dead letter replayed');
  return { replayed: replayed.length, failure };
}

function publish({ channel, broker }: ReplayAround, letter: LeasedLetter): Promise<void> {
  const { subject, lane, routingKey, headers, body } = letter;
  return broker.publish({
    // Past the delays: this exchange leads straight to the lane, and to no other channel.
    exchange: retryExchange(channel),
    routingKey: retryRoutingKey(RETRY_STEPS[0], lane ?? 'interactive'),
    messageId: subject,
    contentType: CLOUDEVENTS_JSON,
    headers: { ...ownHeaders(headers), [ROUTING_KEY_HEADER]: routingKey },
    body,
  });
}

/** Lets its caller through so many times a second, evenly. */
function turns(perSecond: number, nowMs: () => number): () => Promise<void> {
  const never = new AbortController().signal;
  let nextMs = nowMs();
  return async () => {
    const atMs = nowMs();
    const waitMs = nextMs - atMs;
    nextMs = Math.max(nextMs, atMs) + 1_000 / perSecond;
    if (waitMs > 0) await pause(waitMs, never);
  };
}
