import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '@payfan/database';

/**
 * Holds a snapshot open, as a forgotten transaction or a report over night does: no row that is removed from
 * now on can be vacuumed. Opens it again if the database is restarted. Answers how to let go.
 */
export function pinXmin(adminUrl: string): () => Promise<void> {
  const released = new AbortController();
  const database = openDatabase({ url: adminUrl, name: 'pinned xmin', max: 1 });
  const hold = () =>
    database.transaction(async (tx) => {
      await tx.query({ text: 'set transaction isolation level repeatable read' });
      await tx.query({ text: 'set local idle_in_transaction_session_timeout = 0' });
      await tx.query({ text: 'select pg_current_snapshot()' });
      // A query that fails ends the transaction, and with it the snapshot: then it is opened anew.
      while (!released.signal.aborted) {
        await tx.query({ text: 'select 1' });
        await delay(1_000, undefined, { signal: released.signal }).catch(() => undefined);
      }
    });
  const holding = (async () => {
    while (!released.signal.aborted) {
      // The database is down: it comes back, or we are told to let go.
      await hold().catch(() => delay(200));
    }
  })();
  return async () => {
    released.abort();
    await holding;
    await database.stop();
  };
}
