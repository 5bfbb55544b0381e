import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { freshDatabase, services, type FreshDatabase } from '@payfan/stack/testing';
import { openDatabase, type Database } from './database.ts';
import { migrate } from './migrate.ts';

/** The roles belong to the whole server: other tests log in by these passwords at the same time. */
const passwords = Object.fromEntries(
  services.filter(({ hasDatabase }) => hasDatabase).map(({ name }) => [name, `password-of-${name}`]),
);
const passwordVariables = Object.fromEntries(
  Object.entries(passwords).map(([name, password]) => [`${name.toUpperCase()}_DB_PASSWORD`, password]),
);

let fresh: FreshDatabase;
let admin: Database;
let emptyName: string;
let emptyUrl: string;

/** Beside the migrated copy of the template, a database with nothing in it. */
beforeEach(async () => {
  fresh = await freshDatabase();
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
  emptyName = `empty_${randomBytes(6).toString('hex')}`;
  await admin.query({ text: `create database ${emptyName} template template0` });
  const url = new URL(fresh.adminUrl);
  url.pathname = `/${emptyName}`;
  emptyUrl = url.href;
});
afterEach(async () => {
  await admin.query({ text: `drop database if exists ${emptyName} with (force)` });
  await admin.stop();
  await fresh.drop();
});

async function within<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({ url, name: 'looks', max: 1 });
  try {
    return await work(database);
  } finally {
    await database.stop();
  }
}
const asService = (service: string, text: string) =>
  within(fresh.urlFor(service), (database) => database.query({ text }));
const tables = (url: string) =>
  within(url, (database) =>
    database.query<{ name: string }>({
      text: `select schemaname || '.' || tablename as name from pg_tables
             where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
    }),
  );

test('an empty database gets every service’s schema, in the order of the files', async () => {
  const lines: string[] = [];
  await migrate({ adminUrl: emptyUrl, passwords, log: (line) => lines.push(line) });
  const numbered = (folder: string) =>
    readdirSync(path.resolve(__dirname, '../../..', folder, 'migrations'))
      .sort()
      .map((file) => `transaction: applied ${path.basename(folder)}/${path.basename(file, '.sql')}`);
  expect(lines.filter((line) => line.startsWith('transaction:'))).toEqual([
    ...numbered('shared/outbox'),
    ...numbered('services/transaction'),
  ]);
  expect(lines).toContain('transaction: applied transaction/0001_ledger');
  const names = (await tables(emptyUrl)).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(['transaction.outbox', 'transaction.entries', 'email.deliveries']),
  );
  expect(names.filter((name) => name.startsWith('public.'))).toEqual([]);
});

test('a second run changes nothing', async () => {
  await migrate({ adminUrl: emptyUrl, passwords });
  const before = await tables(emptyUrl);
  const lines: string[] = [];
  await migrate({ adminUrl: emptyUrl, passwords, log: (line) => lines.push(line) });
  expect(lines).toEqual([]);
  expect(await tables(emptyUrl)).toEqual(before);
});

test('of two runs at once one waits for the other, and each file is applied once', async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  const runs = [
    migrate({ adminUrl: emptyUrl, passwords, log }),
    migrate({ adminUrl: emptyUrl, passwords, log }),
  ];
  expect(await Promise.allSettled(runs)).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
  expect(lines.length).toBeGreaterThan(1);
  expect(new Set(lines).size).toBe(lines.length);
});

test('a database that cannot be reached is an error', async () => {
  const url = new URL(emptyUrl);
  url.pathname = '/nowhere';
  await expect(migrate({ adminUrl: url.href, passwords })).rejects.toThrow('does not exist');
});

describe('the role of a service', () => {
  test('finds its own tables without naming the schema', async () => {
    expect(await asService('transaction', 'select current_schema() as schema')).toEqual([
      { schema: 'transaction' },
    ]);
    expect(await asService('transaction', 'select * from outbox')).toEqual([]);
    expect(await asService('email', 'select * from deliveries')).toEqual([]);
  });

  test.each([
    ['email', 'select * from transaction.accounts'],
    ['email', 'select * from transaction.outbox'],
    ['phone', 'select * from email.deliveries'],
    ['push', 'insert into phone.deliveries default values'],
    ['transaction', 'select * from push.deliveries'],
  ])('%s has no way into another’s schema: %s', async (service, text) => {
    await expect(asService(service, text)).rejects.toThrow(/permission denied for schema/);
  });

  test.each([
    ['transaction', 'update entries set amount = 1'],
    ['transaction', 'delete from entries'],
    ['transaction', 'truncate entries'],
    ['transaction', 'update transfers set amount = 1'],
    ['transaction', 'delete from transfers'],
    ['transaction', 'delete from idempotency_keys'],
    ['transaction', `update accounts set kind = 'system'`],
    ['transaction', 'alter table entries disable trigger all'],
    ['transaction', 'drop table entries'],
  ])('%s cannot rewrite what happened: %s', async (service, text) => {
    await expect(asService(service, text)).rejects.toThrow(/permission denied|must be owner/);
  });

  test.each(['create table mine (id int)', 'create table public.mine (id int)', 'create schema mine'])(
    'defines nothing: %s',
    async (text) => {
      await expect(asService('transaction', text)).rejects.toThrow('permission denied');
    },
  );

  test('never gets a password that the caller did not name', async () => {
    const { push: _push, ...others } = passwords;
    await expect(migrate({ adminUrl: emptyUrl, passwords: others })).rejects.toThrow('PUSH_DB_PASSWORD');
    await asService('push', 'select 1');
  });

  test('is let in by its password only', async () => {
    const url = new URL(fresh.urlFor('email'));
    url.password = 'guess';
    await expect(within(url.href, (database) => database.ping())).rejects.toMatchObject({ code: '28P01' });
  });
});

describe('the program', () => {
  /** Runs it as compose does: built, and with nothing but these variables. */
  const run = (env: Record<string, string>) =>
    new Promise<{ code: number | null; output: string }>((resolve, reject) => {
      const child = spawn(process.execPath, [path.resolve(__dirname, '../dist/migrate-main.js')], { env });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output }));
    });

  test('migrates the database that ADMIN_DATABASE_URL names, and says what it applied', async () => {
    const { code, output } = await run({ ADMIN_DATABASE_URL: emptyUrl, ...passwordVariables });
    expect(code).toBe(0);
    expect(output).toContain('transaction: applied transaction/0001_ledger\n');
    expect((await tables(emptyUrl)).length).toBeGreaterThan(10);
  });

  test('without the variable says which one is missing, and fails', async () => {
    const { code, output } = await run({});
    expect(code).toBe(2);
    expect(output).toContain('ADMIN_DATABASE_URL');
  });

  test.each(Object.keys(passwordVariables))('without %s names it, and changes nothing', async (variable) => {
    const { code, output } = await run({
      ADMIN_DATABASE_URL: emptyUrl,
      ...passwordVariables,
      [variable]: '',
    });
    expect(code).toBe(2);
    expect(output).toMatch(new RegExp(`missing: ${variable}\\. Each may be`));
    expect(await tables(emptyUrl)).toEqual([]);
    // The role still takes the password it had.
    await asService(variable.split('_')[0]?.toLowerCase() ?? '', 'select 1');
  });

  test('a password that is too weak is refused, and the role keeps its own', async () => {
    const weak = { ADMIN_DATABASE_URL: emptyUrl, ...passwordVariables, PUSH_DB_PASSWORD: 'push' };
    const { code, output } = await run(weak);
    expect(code).toBe(2);
    expect(output).toContain('too weak: PUSH_DB_PASSWORD');
    await asService('push', 'select 1');
  });

  test('a demo that other machines could reach is refused', async () => {
    const open = { PAYFAN_DEMO: 'true', PAYFAN_BIND: '0.0.0.0' };
    const { code, output } = await run({ ADMIN_DATABASE_URL: emptyUrl, ...passwordVariables, ...open });
    expect(code).toBe(2);
    expect(output).toContain('PAYFAN_BIND is 0.0.0.0');
    expect(await tables(emptyUrl)).toEqual([]);
  });

  test('fails when the database does', async () => {
    const nowhere = emptyUrl.replace(emptyName, 'nowhere');
    const { code, output } = await run({ ADMIN_DATABASE_URL: nowhere, ...passwordVariables });
    expect(code).not.toBe(0);
    expect(output).toContain('does not exist');
  });
});
