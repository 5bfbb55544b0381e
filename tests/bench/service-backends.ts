import type { Database } from '@payfan/database';

/** PostgreSQL's processes for the services' connections to this database, and whose they are. */
export async function serviceBackends(database: Database): Promise<{ pid: number; service: string }[]> {
  return database.query({
    text: `select pid, replace(usename, 'payfan_', '') as service from pg_stat_activity
           where datname = current_database() and usename like 'payfan\\_%'`,
  });
}
