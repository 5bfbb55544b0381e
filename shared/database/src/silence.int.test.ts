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

let fresh: FreshDatabase;
let wire: TcpProxy;
let beside: Database;
let database: Database;
const errors: Error[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  beside = openDatabase({ url: fresh.adminUrl, name: 'beside' });
  await beside.query({ text: 'create table notes (id bigint primary key)' });
});
beforeEach(async () => {
  errors.length = 0;
  await beside.query({ text: 'truncate notes' });
  wire = await startTcpProxy(fresh.adminUrl);
  // The client gives up a second after the server would have.
  database = openDatabase({
    url: wire.through(fresh.adminUrl),
    name: 'silent',
    max: 2,
    statementTimeoutMs: 200,
    onError: (error) => errors.push(error),
  });
});
afterEach(async () => {
  await database.stop();
  await wire.stop();
});
afterAll(async () => {
  await beside.stop();
  await fresh.drop();
});

const insert = (id: number) => ({ text: 'insert into notes (id) values ($1)', values: [id] });
const notes = async () =>
  (await beside.query<{ id: number }>({ text: 'select id from notes order by id' })).map(({ id }) => id);

/** More statements than there are connections, so that some wait for a free one. */
const statements = () =>
  Promise.all(
    Array.from({ length: 6 }, () =>
      database.query({ text: 'select 1' }).then(
        () => undefined,
        (e: unknown) => e,
      ),
    ),
  );

test('while the server is silent every statement fails as "away", those that wait for a connection too', async () => {
  await database.ping();
  wire.hang();
  for (const error of [...(await statements()), ...(await statements())]) {
    expect(isDatabaseAway(error)).toBe(true);
  }
  await wire.forward();
  await waitFor(async () => (await statements()).every((error) => error === undefined), {
    what: 'the return of the database',
  });
});

test('an answer that comes too late is not taken for the answer to another statement', async () => {
  await database.ping();
  wire.holdAnswers();
  await expect(database.query({ text: `select 'late' as answer` })).rejects.toThrow('Query read timeout');
  await wire.forward();
  expect(await database.query({ text: `select 'own' as answer` })).toEqual([{ answer: 'own' }]);
});

test('a transaction whose server falls silent fails at once at the next statement, and changes nothing', async () => {
  const failures: unknown[] = [];
  const work = database.transaction(async (tx) => {
    await tx.query(insert(1));
    wire.hang();
    await tx.query(insert(2)).catch((error: unknown) => failures.push(error));
    await tx.query(insert(3)).catch((error: unknown) => failures.push(error));
  });
  await expect(work).rejects.toThrow('Query read timeout');
  // The third was never sent: it failed for the same reason as the second.
  expect(failures[1]).toBe(failures[0]);
  await wire.forward();
  await database.query(insert(4));
  expect(await notes()).toEqual([4]);
});

test('a commit whose answer is lost fails although it took effect, and its connection is not used again', async () => {
  const heard = wire.freezeAfter('commit');
  const work = database.transaction((tx) => tx.query(insert(1)));
  await Promise.all([heard, expect(work).rejects.toThrow('Query read timeout')]);
  await waitFor(async () => (await notes()).length === 1, { what: 'the commit' });
  await wire.forward();
  await database.query(insert(2));
  expect(await notes()).toEqual([1, 2]);
});

test('stopping does not wait for a silent server', async () => {
  await database.ping();
  wire.hang();
  const pending = statements();
  await database.stop();
  await pending;
});

test('the server notices a client that vanished: its sessions have keep-alive and a user timeout', async () => {
  const [row] = await database.query<{ idle: string; user: string }>({
    text: `select current_setting('tcp_keepalives_idle') as idle, current_setting('tcp_user_timeout') as user`,
  });
  expect(row).toEqual({ idle: '10', user: '25000' });
});

test('a presence whose session falls silent takes another one, also while the last one still holds its lock', async () => {
  const id = randomUUID();
  const presence = openPresence({
    url: wire.through(fresh.adminUrl),
    name: 'silent',
    id,
    beatEveryMs: 20,
    answerTimeoutMs: 200,
    onError: (error) => errors.push(error),
  });
  const isPresent = async () => {
    const [row] = await beside.query<{ gone: boolean }>({
      text: `select ${isGone('p.id')} as gone from (select $1::uuid as id) p`,
      values: [id],
    });
    return row?.gone === false;
  };
  const holder = openPresence({ url: fresh.adminUrl, name: 'last session', id });
  await holder.start();
  await presence.start();
  wire.hang();
  await waitFor(() => Promise.resolve(errors.length > 0), { what: 'the silence being noticed' });
  await wire.forward();
  await waitFor(() => Promise.resolve(wire.connections === 1), { what: 'another session' });
  await holder.stop();
  await waitFor(isPresent, { what: 'its lock' });
  await presence.stop();
  await waitFor(async () => !(await isPresent()), { what: 'its end' });
});
