import { gather, type Database } from '@payfan/database';
import type { Outbox, OutboxRow } from '@payfan/outbox';
import { decide, type Outcome, type TransferRequest } from './transfer.ts';
import { transferCompleted, type Trace } from './transfer-event.ts';
import { findDecisions, lockAccounts, writeDecided } from './transfer-store.ts';

export interface MakeTransfersOptions {
  database: Database;
  outbox: Pick<Outbox, 'insert' | 'handOff' | 'abandon'>;
  newId: () => string;
}

/** A request with the ids that its event carries on. */
export interface TracedRequest {
  request: TransferRequest;
  trace: Trace;
}

/**
 * Requests in one commit at most. Groups grow only while a commit is under way, so this bounds a burst:
 * with 256 the locks of one group are held for a few milliseconds.
 */
const GROUP_REQUESTS = 256;
/** Two groups at once: one waits for the disk while the other decides. A third gains nothing, it waits for locks. */
const GROUPS_AT_ONCE = 2;

/**
 * Moves money. Requests that arrive while a commit is under way gather, and one transaction commits them
 * all; a request alone waits for nobody. Several processes may do this on one database at once.
 */
export function makeTransfers(options: MakeTransfersOptions): (item: TracedRequest) => Promise<Outcome> {
  return gather({
    maxItems: GROUP_REQUESTS,
    concurrency: GROUPS_AT_ONCE,
    work: (group: TracedRequest[]) => commitGroup(options, group),
  });
}

async function commitGroup(
  { database, outbox, newId }: MakeTransfersOptions,
  group: TracedRequest[],
): Promise<Outcome[]> {
  const requests = group.map(({ request }) => request);
  const traces = new Map(group.map(({ request, trace }) => [request.transferId, trace]));

  let toPublish: OutboxRow[] = [];
  const commit = database.transaction(async (tx) => {
    const accounts = await lockAccounts(tx, requests);
    const decided = decide(requests, accounts, await findDecisions(tx, requests));
    await writeDecided(tx, decided);
    const events = decided.movements.flatMap((movement) => {
      const trace = traces.get(movement.transfer.id);
      return trace === undefined ? [] : [transferCompleted(movement, newId(), trace)];
    });
    if (events.length > 0) toPublish = await outbox.insert(tx, events);
    return decided.outcomes;
  });
  const outcomes = await commit.catch((error: unknown) => {
    // If it was the commit's own answer that got lost, the money may have moved.
    outbox.abandon(toPublish);
    throw error;
  });
  // Committed. If the process dies here, the rows are published by whoever sweeps them.
  outbox.handOff(toPublish);
  return outcomes;
}
