import type { BatchItem, BatchRefusalCode, BatchResult } from '@payfan/contracts';
import type { TracedRequest } from './make-transfers.ts';
import type { RoomForPeople } from './room-for-people.ts';
import { fingerprintOf, firstIdOf, type Outcome } from './transfer.ts';
import type { Trace } from './transfer-event.ts';

/** An item that is none, and why: it keeps its place among its neighbours. */
export interface InvalidItem {
  invalid: string;
}

/** A part of a payout. */
export interface Batch {
  /** The payer's account. */
  from: string;
  payoutId: string;
  items: readonly (BatchItem | InvalidItem)[];
}

export interface MakeBatchOptions {
  /** Decides in the order in which it is asked. */
  makeTransfer: (item: TracedRequest) => Promise<Outcome>;
  newId: () => string;
  now: () => Date;
  /** Items that wait for their commit at once. */
  sliceMax: number;
  room: Pick<RoomForPeople, 'sliceOf' | 'afterPeople'>;
  /** A clock that never goes back, in milliseconds. */
  nowMs: () => number;
}

/** Beside people a batch may take minutes: longer than its sender waits, or than a process has to end. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Makes the transfers of a batch in their order, a slice after the other: others find room between them, and a
 * batch that is refused for want of room has come further each time it is sent again.
 *
 * @returns makes a batch; answers a result for each item, in their order, as far as it came in some seconds: one
 * slice at least. If it throws, some of the items may have been made: under their keys, making the batch again is safe.
 */
export function makeBatches(
  options: MakeBatchOptions,
): (batch: Batch, trace: Trace) => Promise<BatchResult[]> {
  const { makeTransfer, newId, now, nowMs, sliceMax, room } = options;

  async function makeItem(batch: Batch, item: BatchItem | InvalidItem, trace: Trace): Promise<BatchResult> {
    if ('invalid' in item) return refused('invalid_request', item.invalid);
    const { to: payeePhone, amount, currency, note, key: idempotencyKey } = item;
    const { from: payerId, payoutId } = batch;
    const transferId = newId();
    const outcome = await makeTransfer({
      request: {
        transferId,
        createdAt: now(),
        payerId,
        payeePhone,
        amount,
        currency,
        note,
        lane: 'bulk',
        payoutId,
        idempotencyKey,
        fingerprint: fingerprintOf(item),
      },
      trace,
    });
    return resultOf(outcome, transferId);
  }

  return async (batch, trace) => {
    const results: BatchResult[] = [];
    const untilMs = nowMs() + ANSWER_WITHIN_MS;
    do {
      const slice = batch.items.slice(results.length, results.length + room.sliceOf(sliceMax));
      const make = () => Promise.all(slice.map((item) => makeItem(batch, item, trace)));
      results.push(...(await room.afterPeople(make)));
    } while (results.length < batch.items.length && nowMs() < untilMs);
    return results;
  };
}

/** What the owner of a payout reads about an item that moved nothing. */
const DETAILS: Record<Exclude<BatchRefusalCode, 'invalid_request'>, string> = {
  insufficient_funds: "The payer's balance is too low for this transfer.",
  payer_not_found: 'There is no such payer.',
  recipient_not_found: 'Nobody with this phone number has a wallet here.',
  same_account: 'Payer and payee are the same account.',
  balance_limit_exceeded: "This would bring the payee's balance above the largest possible.",
  idempotency_key_reused: 'This key was used for another transfer.',
};

function resultOf(outcome: Outcome, transferId: string): BatchResult {
  if (outcome.kind === 'limited') throw new Error('unknown payees are not limited in batches');
  if (outcome.kind === 'invalid') return refused(outcome.code, DETAILS[outcome.code]);
  const { kind, decision } = outcome;
  if (decision.code !== 'completed') return refused(decision.code, DETAILS[decision.code]);
  return { outcome: 'completed', transferId: kind === 'decided' ? transferId : firstIdOf(decision) };
}

const refused = (code: BatchRefusalCode, detail: string): BatchResult => ({
  outcome: 'refused',
  code,
  detail,
});
