import type { Database } from '@payfan/database';

/**
 * How many rows of these tables (`phone.deliveries`) have been read by their indexes so far, which is how tables are
 * read even where all of one is: see `PLANNER_SETTINGS`. A connection says what it has read now and then, or when it
 * is told to: `readers` are told, each with one connection.
 */
export async function rowsReadByIndex(
  admin: Database,
  tables: readonly string[],
  readers: readonly Database[],
): Promise<number> {
  for (const each of [...readers, admin]) await each.query({ text: 'select pg_stat_force_next_flush()' });
  const [row] = await admin.query<{ read: number }>({
    text: `select sum(idx_tup_read)::float8 as read from pg_stat_user_indexes
           where schemaname || '.' || relname = any($1)`,
    values: [tables],
  });
  return row?.read ?? Number.NaN;
}
