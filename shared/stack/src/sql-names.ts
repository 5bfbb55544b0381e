import { openDatabase, type Database, type DatabaseOptions, type Queryable } from '@payfan/database';

/** A name as SQL wants it. Statements that define databases take no parameters. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The same server and role, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.toString();
}

/** The same server and database, another role. */
export function withRole(url: string, role: string, password: string): string {
  const changed = new URL(url);
  changed.username = encodeURIComponent(role);
  changed.password = encodeURIComponent(password);
  return changed.toString();
}

/** The password of a service's role on the servers of tests, which only this machine reaches. */
export const testPassword = (service: string): string => `password-of-${service}`;

/**
 * How long connecting and each statement may take here. It is generous, because these statements copy and drop whole
 * databases and compare whole ledgers, on machines of developers that are busy with tests.
 */
const LIMIT_MS = 120_000;

/** A pool for an administrator or a test that looks at a database; it waits longer than a service may. */
export function openAdminDatabase(options: Pick<DatabaseOptions, 'url' | 'name' | 'max'>): Database {
  return openDatabase({ ...options, connectTimeoutMs: LIMIT_MS, statementTimeoutMs: LIMIT_MS });
}

/** Runs `work` over one connection that is closed afterwards. */
export async function withConnection<T>(url: string, work: (database: Queryable) => Promise<T>): Promise<T> {
  const database = openAdminDatabase({ url, name: 'stack', max: 1 });
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}

/** Makes the database unless it is there. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  await withConnection(adminUrl, async (database) => {
    const found = await database.query({
      text: 'select 1 from pg_database where datname = $1',
      values: [name],
    });
    if (found.length === 0) await database.query({ text: `create database ${quoteName(name)}` });
  });
}

/** Drops the database, ending the connections to it. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await withConnection(adminUrl, (database) =>
    database.query({ text: `drop database if exists ${quoteName(name)} with (force)` }),
  );
}
