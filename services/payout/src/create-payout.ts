import type { Database } from '@payfan/database';
import { insertChunks } from './chunk-store.ts';
import { commitWithEvents, type Events } from './commit-with-events.ts';
import { insertItems } from './item-store.ts';
import type { NewPayout } from './payout.ts';
import { turnOf, type Making } from './payout-events.ts';
import { insertPayout } from './payout-store.ts';

export interface CreatePayoutOptions extends Making {
  database: Database;
  outbox: Events;
  /** Lines that are asked for in one call. */
  chunkItems: number;
}

/**
 * Turns that a payout begins with, so that several workers can share a long one. Payouts of a lane share it by
 * turns, so none has more than these in the queue.
 */
const FIRST_TURNS = 4;

/** Stores a payout, its lines, its chunks and its first turns at once; false, and nothing, if its key was used. */
export function createPayout(options: CreatePayoutOptions, payout: NewPayout): Promise<boolean> {
  const { chunkItems } = options;
  return commitWithEvents(options, async (tx) => {
    if (!(await insertPayout(tx, payout))) return { value: false, events: [] };
    for (const pack of payout.packs) await insertItems(tx, payout.id, pack);
    await insertChunks(tx, payout.id, chunkItems);
    const turns = Math.min(FIRST_TURNS, Math.ceil(payout.total / chunkItems));
    return { value: true, events: Array.from({ length: turns }, () => turnOf(payout, options)) };
  });
}
