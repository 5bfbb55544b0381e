import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { SetupConfigError, variableOf } from '@payfan/contracts';
import { openDatabase, type Database } from './database.ts';
import { connectionTo } from './session.ts';

export interface MigrateOptions {
  /** A role that may create roles and schemas. */
  adminUrl: string;
  /** Password of each service's role, by service. */
  passwords: Record<string, string>;
  log?: (line: string) => void;
}

/** One service that keeps tables: its schema, its role, and where its migrations are, in order. */
interface Owner {
  service: string;
  sources: { name: string; dir: string }[];
}

/**
 * Brings the database up to date: for each service that keeps tables, a role `payfan_<service>`, a
 * schema `<service>`, and the numbered SQL files that its package.json names under `payfan.migrations`
 * (shared ones first). The roles own nothing: what they may do is granted in the files.
 *
 * Runs once before the services start. A second run at the same time waits for the first.
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const log = options.log ?? (() => undefined);
  const database = openDatabase({ url: options.adminUrl, name: 'migrate', max: 1 });
  // The runner's own connection would outlive it for a moment, deaf to errors: whoever dropped the
  // database then would end this process.
  // A migration may take long, so no time limits its statements; keep-alive ends them if the server vanishes.
  const dbClient = new pg.Client({ ...connectionTo(options.adminUrl), application_name: 'migrate' });
  dbClient.on('error', () => undefined);
  try {
    await dbClient.connect();
    for (const owner of await findOwners()) {
      await createRoleAndSchema(database, owner.service, passwordOf(owner.service, options.passwords));
      for (const source of owner.sources) {
        const applied = await runner({
          dbClient,
          dir: source.dir,
          direction: 'up',
          schema: owner.service,
          migrationsSchema: owner.service,
          migrationsTable: `migrations_${source.name}`,
          // Two migrators at once: the later one must wait, not fail.
          advisoryLockMode: 'wait',
          log: () => undefined,
        });
        for (const { name } of applied) log(`${owner.service}: applied ${source.name}/${name}`);
      }
    }
  } finally {
    await dbClient.end();
    await database.stop();
  }
}

function passwordOf(service: string, passwords: Record<string, string>): string {
  const password = passwords[service];
  if (password === undefined || password === '')
    throw new SetupConfigError(`${variableOf(service, 'DB_PASSWORD')} is missing.`);
  return password;
}

async function createRoleAndSchema(database: Database, service: string, password: string): Promise<void> {
  const role = `payfan_${service}`;
  await database.transaction(async (tx) => {
    await tx.query({ text: `select pg_advisory_xact_lock(hashtext('payfan.roles'))` });
    const found = await tx.query({ text: 'select 1 from pg_roles where rolname = $1', values: [role] });
    // Statements that define things take no parameters: format() quotes for us.
    const [statement] = await tx.query<{ sql: string }>({
      text: `select format(case when $3 then 'alter role %I with login password %L' else 'create role %I with login password %L' end, $1::text, $2::text) as sql`,
      values: [role, password, found.length > 0],
    });
    await tx.query({ text: statement?.sql ?? '' });
    const setup = await tx.query<{ sql: string }>({
      text: `select unnest(array[
               format('create schema if not exists %I', $1::text),
               format('grant usage on schema %I to %I', $1::text, $2::text),
               format('grant connect on database %I to %I', current_database(), $2::text),
               format('alter role %I in database %I set search_path to %I', $2::text, current_database(), $1::text)
             ]) as sql`,
      values: [service, role],
    });
    for (const { sql } of setup) await tx.query({ text: sql });
  });
}

/** The services that keep tables, by name. */
export async function servicesWithTables(): Promise<string[]> {
  return (await findOwners()).map(({ service }) => service);
}

/** The services that name migrations in their package.json. */
async function findOwners(): Promise<Owner[]> {
  const root = path.resolve(fileURLToPath(import.meta.url), '../../../..');
  const owners: Owner[] = [];
  for (const service of (await readdir(path.join(root, 'services'))).sort()) {
    const folder = path.join(root, 'services', service);
    const text = await readFile(path.join(folder, 'package.json'), 'utf8').catch(() => '{}');
    const { payfan } = JSON.parse(text) as { payfan?: { migrations?: string[] } };
    const sources = (payfan?.migrations ?? []).map((relative) => {
      const dir = path.resolve(folder, relative);
      return { name: path.basename(path.dirname(dir)), dir };
    });
    if (sources.length > 0) owners.push({ service, sources });
  }
  return owners;
}
