import { randomUUID } from 'node:crypto';
import {
  freshDatabase,
  startTcpProxy,
  waitFor,
  type FreshDatabase,
  type TcpProxy,
} from '@payfan/stack/testing';
import { isDatabaseAway, openDatabase, type Database } from './database.ts';
import { isGone, openPresence } from './presence.ts';

/** A PostgreSQL that goes silent: its connections stay open, and nothing passes either way. */

let fresh: FreshDatabase;
let admin: Database;
let wire: TcpProxy;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
  await admin.query({ text: 'create table notes (id int primary key)' });
});
beforeEach(async () => {
  wire = await startTcpProxy(fresh.adminUrl);
});
afterEach(async () => {
  await wire.forward();
  for (const stop of stops.splice(0)) await stop();
  await wire.stop();
});
afterAll(async () => {
  await admin.stop();
  await fresh.drop();
});

function through(max: number): Database {
  const database = openDatabase({
    url: wire.through(fresh.adminUrl),
    name: 'ours',
    max,
    statementTimeoutMs: 500,
  });
  stops.push(() => database.stop());
  return database;
}
const insert = (id: number) => ({ text: 'insert into notes values ($1)', values: [id] });
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a statement, a transaction and a new connection each end as the database being away', async () => {
  const database = through(3);
  await database.ping();
  wire.hang();
  const failures = await Promise.all([
    failureOf(database.ping()),
    failureOf(database.transaction((tx) => tx.query(insert(1)))),
    failureOf(database.ping()),
    // Waits for one of the three.
    failureOf(database.ping()),
  ]);
  expect(failures.map(isDatabaseAway)).toEqual([true, true, true, true]);
});

test('no connection that gave no answer is used again, and the database is used as soon as it is back', async () => {
  const database = through(2);
  await Promise.all([database.ping(), database.ping()]);
  wire.hang();
  await Promise.all([failureOf(database.ping()), failureOf(database.ping())]);
  // Answers that come too late must not be taken for answers to later statements.
  await wire.forward();
  const [row] = await database.query<{ n: number }>({ text: 'select 2 as n' });
  expect(row).toEqual({ n: 2 });
});

test.each([
  ['before a statement', 'insert into notes'],
  ['before the commit', 'commit'],
])('silence %s of a transaction leaves nothing behind', async (_when, bytes) => {
  const database = through(1);
  await database.ping();
  const silent = wire.freezeBefore(bytes);
  const failure = await failureOf(database.transaction((tx) => tx.query(insert(2))));
  await silent;
  expect(isDatabaseAway(failure)).toBe(true);
  await wire.forward();
  await database.transaction((tx) => tx.query(insert(2)));
  expect(await admin.query({ text: 'delete from notes returning id' })).toEqual([{ id: 2 }]);
});

test('a commit whose answer is lost is an error although it was made', async () => {
  const database = through(1);
  await database.ping();
  const silent = wire.freezeAfter('commit');
  const failure = await failureOf(database.transaction((tx) => tx.query(insert(3))));
  await silent;
  expect(isDatabaseAway(failure)).toBe(true);
  expect(await admin.query({ text: 'delete from notes returning id' })).toEqual([{ id: 3 }]);
});

test('a process whose presence goes silent notices it, and is present again afterwards', async () => {
  const id = randomUUID();
  const errors: Error[] = [];
  const presence = openPresence({
    url: wire.through(fresh.adminUrl),
    name: 'silent',
    id,
    pingEveryMs: 20,
    answerWithinMs: 500,
    onError: (error) => errors.push(error),
  });
  stops.push(() => presence.stop());
  await presence.start();
  wire.hang();
  await waitFor(() => Promise.resolve(errors.length > 0), { what: 'the silence being noticed' });
  await wire.forward();
  const isPresent = async () => {
    const [row] = await admin.query<{ gone: boolean }>({
      text: `select ${isGone('p.id')} as gone from (select $1::uuid as id) p`,
      values: [id],
    });
    return row?.gone === false;
  };
  const newSession = async () => {
    const sessions = await admin.query({
      text: `select pid from pg_stat_activity where application_name = 'silent presence' and datname = $1`,
      values: [fresh.name],
    });
    return sessions.length === 1 && (await isPresent());
  };
  await waitFor(newSession, { what: 'one new session that holds the lock' });
});

test('a database and a presence stop although the server is silent', async () => {
  const database = through(1);
  const presence = openPresence({ url: wire.through(fresh.adminUrl), name: 'silent', id: randomUUID() });
  await Promise.all([database.ping(), presence.start()]);
  wire.hang();
  await Promise.all([database.stop(), presence.stop()]);
});
