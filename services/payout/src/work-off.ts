import type { BatchResult, TransferBatch } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import type { Logger } from '@payfan/service';
import type { BatchClient } from './batch-client.ts';
import { cancelPending, finishChunk, hasPendingChunk, keepChunk, type Chunk } from './chunk-store.ts';
import { commitWithEvents, type Events } from './commit-with-events.ts';
import { itemsOfChunk, recordOutcomes, type ItemOutcome, type ItemToPay } from './item-store.ts';
import { moveOn } from './move-on.ts';
import { itemKey } from './payout.ts';
import { turnOf, type Making } from './payout-events.ts';
import { lockPayout, type StoredPayout } from './payout-store.ts';
import { countUnknownPayees, hasTooManyUnknownPayees } from './unknown-payees.ts';

export interface WorkOffOptions extends Making {
  database: Database;
  outbox: Events;
  batches: Pick<BatchClient, 'send'>;
  /** Told of each chunk that is done. */
  onProgress: (payout: StoredPayout, outcomes: readonly ItemOutcome[]) => void;
  /** Called with each payout whose pending chunks were cancelled because it named too many unknown payees. */
  onStopped: (payout: StoredPayout) => void;
  /** Unknown payees that any payout may name; 0 switches the limit off. */
  unknownPayeesPerHour: number;
  logger: Logger;
}

export type WorkOff = (chunk: Chunk) => Promise<void>;

/**
 * Has the lines of a chunk paid, then writes down what became of them together with the payout's next turn, or with
 * the news that it is finished. If its worker dies anywhere in between, the same lines are asked for again under the
 * same keys, and get the same results.
 */
export function workOff(options: WorkOffOptions): WorkOff {
  return async (chunk) => {
    const items = await itemsOfChunk(options.database, chunk);
    const results: BatchResult[] = [];
    do {
      if (results.length > 0 && !(await keepChunk(options.database, chunk))) {
        takenOver(options, chunk);
        return;
      }
      results.push(...(await options.batches.send(batchOf(chunk, items.slice(results.length)))));
    } while (results.length < items.length);
    const outcomes = items.map((item, index) => outcomeOf(item, results[index]));
    const recorded = await record(options, chunk, outcomes);
    if (recorded === undefined) return;
    if (recorded.stopped) options.onStopped(recorded.stored);
    options.onProgress(recorded.stored, outcomes);
  };
}

function batchOf({ accountId, payoutId, currency }: Chunk, items: readonly ItemToPay[]): TransferBatch {
  return {
    from: accountId,
    payoutId,
    items: items.map(({ line, to, amount, note }) => ({
      key: itemKey(payoutId, line),
      to,
      amount,
      currency,
      note,
    })),
  };
}

function takenOver({ logger }: WorkOffOptions, { payoutId, chunk }: Chunk): void {
  logger.warn({ payoutId, chunk }, 'chunk was taken over by another');
}

function outcomeOf({ line }: ItemToPay, result: BatchResult | undefined): ItemOutcome {
  if (result === undefined) throw new Error(`there is no result for line ${line}`);
  if (result.outcome === 'completed') {
    return { line, transferId: result.transferId, code: null, detail: null };
  }
  return { line, transferId: null, code: result.code, detail: result.detail };
}

/**
 * Answers how far the payout is then; undefined if another worker has taken the chunk over, and will record it.
 *
 * A payout with too many unknown payees is stopped as by a request to cancel it. Chunks under way are finished, so it
 * finds out as many payees as the limit allows, and at most the lines of its turns more (FIRST_TURNS chunks).
 */
function record(
  options: WorkOffOptions,
  chunk: Chunk,
  outcomes: readonly ItemOutcome[],
): Promise<{ stored: StoredPayout; stopped: boolean } | undefined> {
  return commitWithEvents(options, async (tx) => {
    const locked = await lockPayout(tx, chunk.payoutId, null);
    if (locked === undefined || !(await finishChunk(tx, chunk))) {
      takenOver(options, chunk);
      return { value: undefined, events: [] };
    }
    const paid = await recordOutcomes(tx, chunk.payoutId, outcomes);
    const succeeded = outcomes.filter(({ transferId }) => transferId !== null).length;
    const unknownPayees = countUnknownPayees(outcomes);
    const counted = { lines: locked.payout.total, unknownPayees: locked.unknownPayees + unknownPayees };
    const stops = hasTooManyUnknownPayees(counted, options.unknownPayeesPerHour);
    const cancelled = stops ? await cancelPending(tx, chunk.payoutId) : 0;
    const stopped = cancelled > 0;
    const step = {
      ...{ succeeded, failed: outcomes.length - succeeded, paid, unknownPayees, cancelled },
      cancelReason: stopped ? ('too_many_unknown_payees' as const) : undefined,
    };
    const done = await moveOn(tx, locked, step, options);
    const { payout } = done.value;
    const goesOn = await hasPendingChunk(tx, payout.id);
    const next = goesOn ? [turnOf({ id: payout.id, lane: payout.lane, ...locked.trace }, options)] : [];
    return { value: { stored: done.value, stopped }, events: [...done.events, ...next] };
  });
}
