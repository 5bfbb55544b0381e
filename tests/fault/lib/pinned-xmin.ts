import { openDatabase } from '@payfan/database';
import { waitFor } from '@payfan/stack/testing';

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
      await waitFor(
        async () => {
          await tx.query({ text: 'select 1' });
          return released.signal.aborted;
        },
        { what: 'the end of the soak', timeoutMs: 24 * 3_600_000, intervalMs: 1_000 },
      );
    });
  const holding = (async () => {
    while (!released.signal.aborted) await hold().catch(() => undefined);
  })();
  return async () => {
    released.abort();
    await holding;
    await database.stop();
  };
}
