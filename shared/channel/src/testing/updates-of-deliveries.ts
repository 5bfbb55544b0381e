import { openDatabase, type Database } from '@payfan/database';
import { waitFor, type FreshDatabase } from '@payfan/stack/testing';

/**
 * How many of so many updates of the phone channel's deliveries stayed on their page and touched no index. Stops the
 * database that made them: a session tells of what it did when it ends, at the latest.
 */
export async function updatesOnTheirPage(
  fresh: FreshDatabase,
  database: Database,
  updates: number,
): Promise<number> {
  const admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 1 });
  let told: { all: number; hot: number } | undefined;
  await database.stop();
  await waitFor(
    async () => {
      [told] = await admin.query<{ all: number; hot: number }>({
        text: `select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables
               where schemaname = 'phone' and relname = 'deliveries'`,
      });
      return told?.all === updates;
    },
    { what: 'the statistics' },
  );
  await admin.stop();
  return told?.hot ?? Number.NaN;
}
