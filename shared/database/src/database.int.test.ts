import { createServer, type AddressInfo, type Socket } from 'node:net';
import { freePort, freshDatabase, waitFor, type FreshDatabase } from '@payfan/stack/testing';
import { isDatabaseAway, openDatabase, type Database, type Queryable } from './database.ts';

let fresh: FreshDatabase;
let database: Database;
let beside: Database;
const broken: Error[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  beside = openDatabase({ url: fresh.adminUrl, name: 'beside' });
  await beside.query({ text: 'create table notes (id bigint primary key, note text)' });
});
beforeEach(async () => {
  broken.length = 0;
  await beside.query({ text: 'truncate notes' });
  database = openDatabase({
    url: fresh.adminUrl,
    name: 'ours',
    max: 3,
    onError: (error) => broken.push(error),
  });
});
afterEach(() => database.stop());
afterAll(async () => {
  await beside.stop();
  await fresh.drop();
});

const insert = (db: Queryable, id: number) =>
  db.query({ name: 'insert-note', text: 'insert into notes (id, note) values ($1, $2)', values: [id, 'x'] });
const ids = async () =>
  (await beside.query<{ id: number }>({ text: 'select id from notes order by id' })).map(({ id }) => id);
/** Kills the connections of the database under test that match; answers how many. */
const kill = async (condition: string) =>
  (
    await beside.query({
      text: `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ours' and ${condition}`,
    })
  ).length;

test("options of the URL's own are added to ours, and win where both say something", async () => {
  const url = new URL(fresh.adminUrl);
  url.searchParams.set('options', '-c lock_timeout=1234 -c jit=on');
  const own = openDatabase({ url: url.href, name: 'ours', max: 1 });
  const [settings] = await own.query({
    text: `select current_setting('lock_timeout') as lock, current_setting('jit') as jit,
                  current_setting('enable_seqscan') as seqscan`,
  });
  await own.stop();
  expect(settings).toEqual({ lock: '1234ms', jit: 'on', seqscan: 'off' });
});

describe('a bigint', () => {
  test.each([0, 1, -1, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER])(
    '%d is read exactly',
    async (value) => {
      expect(await database.query({ text: 'select $1::bigint as value', values: [value] })).toEqual([
        { value },
      ]);
    },
  );

  test.each(['9007199254740992', '-9007199254740992', '9223372036854775807'])(
    '%s, which no number holds exactly, is an error and never another number',
    async (text) => {
      await expect(database.query({ text: 'select $1::bigint as value', values: [text] })).rejects.toThrow(
        RangeError,
      );
      expect(await database.query({ text: 'select 1::bigint as value' })).toEqual([{ value: 1 }]);
    },
  );

  test('is exact in a count and under a name that prepares the statement', async () => {
    await insert(database, 1);
    for (let repeat = 0; repeat < 3; repeat += 1) {
      const counted = database.query({ name: 'count-notes', text: 'select count(*) as count from notes' });
      expect(await counted).toEqual([{ count: 1 }]);
    }
  });
});

describe('a transaction', () => {
  test('that returns is committed, and answers what its work answers', async () => {
    const answer = await database.transaction(async (tx) => {
      await insert(tx, 1);
      await insert(tx, 2);
      expect(await ids()).toEqual([]);
      return 'done';
    });
    expect(answer).toBe('done');
    expect(await ids()).toEqual([1, 2]);
  });

  test('that throws is rolled back, and passes the error on', async () => {
    const failure = new Error('no money');
    await expect(
      database.transaction(async (tx) => {
        await insert(tx, 1);
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await ids()).toEqual([]);
  });

  test('of which a statement fails is rolled back, and its connection serves on', async () => {
    const only = openDatabase({ url: fresh.adminUrl, name: 'ours', max: 1 });
    await expect(
      only.transaction(async (tx) => {
        await insert(tx, 1);
        await insert(tx, 1);
      }),
    ).rejects.toMatchObject({ code: '23505' });
    await insert(only, 2);
    expect(await ids()).toEqual([2]);
    await only.stop();
  });

  test('that hides the failure of a statement is no success: the database has rolled it back', async () => {
    await expect(
      database.transaction(async (tx) => {
        await insert(tx, 1);
        await insert(tx, 1).catch(() => undefined);
        return 'done';
      }),
    ).rejects.toThrow('rolled back');
    expect(await ids()).toEqual([]);
  });

  test('whose connection is killed between two statements fails as the database being away', async () => {
    const failure = await database
      .transaction(async (tx) => {
        await insert(tx, 1);
        await waitFor(async () => (await kill(`state = 'idle in transaction'`)) === 1, { what: 'the kill' });
        await insert(tx, 2);
      })
      .catch((error: unknown) => error);
    expect(isDatabaseAway(failure)).toBe(true);
    expect(await ids()).toEqual([]);
    await insert(database, 3);
    expect(await ids()).toEqual([3]);
  });

  test('whose connection is killed under a statement fails as the database being away', async () => {
    const failure = await beside.transaction(async (lock) => {
      await lock.query({ text: 'lock table notes in access exclusive mode' });
      const failing = database.transaction((tx) => insert(tx, 1)).catch((error: unknown) => error);
      await waitFor(async () => (await kill(`wait_event_type = 'Lock'`)) === 1, { what: 'the kill' });
      return failing;
    });
    expect(failure).toMatchObject({ code: '57P01' });
    expect(isDatabaseAway(failure)).toBe(true);
    expect(await ids()).toEqual([]);
  });

  test('that breaks never leaves its connection to others', async () => {
    const only = openDatabase({ url: fresh.adminUrl, name: 'ours', max: 1 });
    for (let round = 0; round < 5; round += 1) {
      const broken = only.transaction(async (tx) => {
        await insert(tx, 1);
        await waitFor(async () => (await kill(`state = 'idle in transaction'`)) === 1, { what: 'the kill' });
      });
      await expect(broken).rejects.toThrow();
    }
    await insert(only, 9);
    expect(await ids()).toEqual([9]);
    await only.stop();
  });
});

test('a session that takes no writes is given up, so that writing goes on once the database allows it', async () => {
  const only = openDatabase({ url: fresh.adminUrl, name: 'ours', max: 1 });
  const readOnly = (value: 'on' | 'off') =>
    beside.query({ text: `alter database ${fresh.name} set default_transaction_read_only = ${value}` });
  await readOnly('on');
  const failure = await only.transaction((tx) => insert(tx, 1)).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: '25006' });
  await readOnly('off');
  await only.transaction((tx) => insert(tx, 2));
  expect(await ids()).toEqual([2]);
  await only.stop();
});

test('connections that are killed while idle are reported, and replaced', async () => {
  await Promise.all([database.ping(), database.ping(), database.ping()]);
  const killed = await kill(`state = 'idle'`);
  expect(killed).toBeGreaterThan(0);
  await waitFor(() => Promise.resolve(broken.length === killed), { what: 'being told' });
  expect(broken.every(isDatabaseAway)).toBe(true);
  await database.ping();
});

test('no statement and no open transaction can hold its locks for long', async () => {
  const [limits] = await database.query({
    text: `select current_setting('statement_timeout') as statement,
                  current_setting('idle_in_transaction_session_timeout') as transaction`,
  });
  expect(limits).toEqual({ statement: '6s', transaction: '10s' });
});

describe('start() says at once that the database is not there:', () => {
  const startAt = async (url: string) => {
    const wrong = openDatabase({ url, name: 'wrong' });
    const failure = await wrong.start().catch((error: unknown) => error);
    await wrong.stop();
    return failure;
  };
  const at = (change: (url: URL) => void) => {
    const url = new URL(fresh.adminUrl);
    change(url);
    return url.href;
  };

  test('nobody listens', async () => {
    const port = await freePort();
    const failure = await startAt(at((url) => (url.port = String(port))));
    expect(failure).toMatchObject({ code: 'ECONNREFUSED' });
    expect(isDatabaseAway(failure)).toBe(true);
  });

  test('somebody listens and never answers', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    // The database itself may be elsewhere, in a container.
    const failure = await startAt(at((url) => (url.host = `127.0.0.1:${port}`)));
    expect(failure).toMatchObject({ message: expect.stringMatching(/timeout/i) });
    expect(isDatabaseAway(failure)).toBe(true);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  test('there is no such database', async () => {
    const failure = await startAt(at((url) => (url.pathname = '/nowhere')));
    expect(failure).toMatchObject({ code: '3D000' });
    expect(isDatabaseAway(failure)).toBe(false);
  });
});

describe('stop()', () => {
  test('waits for the statement and the transaction under way', async () => {
    const order: string[] = [];
    const under = await beside.transaction(async (lock) => {
      await lock.query({ text: 'lock table notes in access exclusive mode' });
      const work = [
        insert(database, 1).then(() => order.push('statement')),
        database.transaction((tx) => insert(tx, 2)).then(() => order.push('transaction')),
      ];
      await waitFor(
        async () =>
          expect(
            await beside.query({
              text: `select 1 from pg_stat_activity where application_name = 'ours' and wait_event_type = 'Lock'`,
            }),
          ).toHaveLength(2),
        { what: 'both waiting for the lock' },
      );
      work.push(database.stop().then(() => order.push('stopped')));
      return { work };
    });
    await Promise.all(under.work);
    expect(order.at(-1)).toBe('stopped');
    expect(await ids()).toEqual([1, 2]);
  });

  test('may be called before start and twice, closes every connection, and ends the taking of statements', async () => {
    await Promise.all([database.ping(), database.ping()]);
    await Promise.all([database.stop(), database.stop()]);
    await database.stop();
    await expect(database.ping()).rejects.toThrow('after calling end');
    await waitFor(async () => (await kill('true')) === 0, { what: 'the connections being gone' });
    const never = openDatabase({ url: fresh.adminUrl, name: 'never' });
    await never.stop();
  });
});
