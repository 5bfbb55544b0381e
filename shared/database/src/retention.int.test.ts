import { freshDatabase, waitFor, type FreshDatabase } from '@payfan/stack/testing';
import { openDatabase, type Database, type Queryable } from './database.ts';
import { openRetention, type Retention, type RetentionOptions } from './retention.ts';

let fresh: FreshDatabase;
let admin: Database;
let lines: { message: string; fields: object }[];
const opened: Retention[] = [];

/** Notes are numbered as they are old: 1 was written first. They go in that order, a batch at a time. */
beforeEach(async () => {
  lines = [];
  fresh = await freshDatabase();
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
  await admin.query({
    text: `create table email.notes (id int primary key, kept boolean not null, created_at timestamptz not null)`,
  });
  await admin.query({
    text: `create function email.forget_notes(keep_days integer, after timestamptz, max_rows integer,
                                              out removed integer, out upto timestamptz)
           language plpgsql security definer set search_path = email, pg_temp as $$
           declare looked integer;
           begin
             select max(created_at), count(*) into upto, looked
             from (select created_at from notes
                   where created_at > after and created_at < now() - make_interval(days => keep_days)
                   order by created_at limit max_rows) as oldest;
             delete from notes where created_at > after and created_at <= upto and not kept;
             get diagnostics removed = row_count;
             if looked < max_rows then upto := null; end if;
           end $$`,
  });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((retention) => retention.stop()));
  await admin.stop();
  await fresh.drop();
});

/** Writes notes 1 … `old` that are long past their time, a microsecond apart, and two of today. */
const write = (old: number, kept: readonly number[] = []) =>
  admin.query({
    text: `insert into email.notes
           select n, n = any ($2::int[]), now() - interval '100 days' + n * interval '1 microsecond'
           from generate_series(1, $1) n
           union all select n, false, now() from generate_series($1 + 1, $1 + 2) n`,
    values: [old, kept],
  });
const ids = async (db: Queryable = admin) =>
  (await db.query<{ id: number }>({ text: 'select id from email.notes order by id' })).map(({ id }) => id);
const countAdvisoryLocks = async () =>
  (
    await admin.query({
      text: `select 1 from pg_locks where locktype = 'advisory' and granted
               and database = (select oid from pg_database where datname = current_database())`,
    })
  ).length;

function retain(options: Partial<RetentionOptions> = {}): Retention {
  const note = (fields: object, message: string) => void lines.push({ message, fields });
  const retention = openRetention({
    url: fresh.urlFor('email'),
    name: 'email',
    log: { info: note, warn: note },
    tables: [{ table: 'notes', days: 30 }],
    sweepEveryMs: 20,
    batchRows: 10,
    pauseMs: 1,
    random: () => 0,
    ...options,
  });
  opened.push(retention);
  return retention;
}
const swept = (retention: Retention, times = 1) =>
  waitFor(() => Promise.resolve(retention.sweeps.done >= times), {
    what: `the end of ${times} sweeps`,
  });

test('old rows go and recent ones stay, and it says how many', async () => {
  await write(95);
  const retention = retain();
  await retention.start();
  await swept(retention, 2);
  expect(await ids()).toEqual([96, 97]);
  expect(retention.removed).toEqual({ notes: 95 });
  expect(lines).toEqual([{ message: 'old rows removed', fields: { table: 'notes', rows: 95, days: 30 } }]);
});

test('gets past any number of old rows that must stay', async () => {
  const kept = Array.from({ length: 25 }, (_, index) => index + 3);
  await write(40, kept);
  const retention = retain();
  await retention.start();
  await swept(retention);
  expect(await ids()).toEqual([...kept, 41, 42]);
});

test('after a sweep nothing is left of it: neither the lock nor the session', async () => {
  const retention = retain({ sweepEveryMs: 3_600_000 });
  await retention.start();
  await swept(retention);
  await waitFor(async () => (await countAdvisoryLocks()) === 0, {
    what: 'the end of the session',
  });
});

describe('while a batch is held up', () => {
  /** Runs `work` while whoever removes notes must wait, and lets go of them after. */
  const heldUp = (work: () => Promise<void>) =>
    admin.transaction(async (tx) => {
      await tx.query({ text: 'select from email.notes for update' });
      await work();
    });
  const isAtIt = () => waitFor(async () => (await countAdvisoryLocks()) === 1, { what: 'a sweep under way' });

  test('another process leaves the sweep to the one that is at it', async () => {
    await write(30);
    const [one, other] = [retain(), retain()];
    await heldUp(async () => {
      await one.start();
      await isAtIt();
      await other.start();
      await waitFor(() => Promise.resolve(other.sweeps.busy >= 3), {
        what: 'being sent away',
      });
      expect([one.sweeps.done, other.sweeps.done]).toEqual([0, 0]);
    });
    await swept(one);
    expect((one.removed['notes'] ?? 0) + (other.removed['notes'] ?? 0)).toBe(30);
  });

  test('stopping waits for it, and begins no other', async () => {
    await write(30);
    const retention = retain({ stopTimeoutMs: 60_000 });
    let stopped: Promise<void> | undefined;
    await heldUp(async () => {
      await retention.start();
      await isAtIt();
      stopped = retention.stop();
    });
    await stopped;
    expect(retention.removed).toEqual({ notes: 10 });
    expect((await ids()).length).toBe(22);
    expect(lines.map(({ message }) => message)).toEqual(['old rows removed']);
  });

  test('stopping does not wait for ever', async () => {
    await write(30);
    const retention = retain({ stopTimeoutMs: 1 });
    await heldUp(async () => {
      await retention.start();
      await isAtIt();
      await retention.stop();
      expect(retention.removed).toEqual({ notes: 0 });
    });
  });
});

test('a database that is away is logged, and swept when it is back', async () => {
  await write(5);
  const beside = openDatabase({
    url: fresh.adminUrl.replace(fresh.name, 'postgres'),
    name: 'beside',
    max: 1,
  });
  const allow = (connections: boolean) =>
    beside.query({ text: `alter database ${fresh.name} allow_connections ${connections}` });
  await allow(false);
  const retention = retain();
  await retention.start();
  await waitFor(() => Promise.resolve(retention.sweeps.failed >= 2), { what: 'failures' });
  expect(lines[0]?.message).toBe('old rows not removed, trying again later');
  await allow(true);
  await swept(retention);
  await beside.stop();
  expect(retention.removed).toEqual({ notes: 5 });
});

test('what the database refuses is logged, and nothing goes', async () => {
  await write(5);
  const retention = retain({ tables: [{ table: 'letters', days: 30 }] });
  await retention.start();
  await waitFor(() => Promise.resolve(retention.sweeps.failed >= 1), {
    what: 'a failure',
  });
  expect(lines[0]).toMatchObject({
    message: 'old rows not removed, trying again later',
    fields: { err: { message: expect.stringContaining('forget_letters') as string } },
  });
  expect(await ids()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('stops before it has started, twice, and between sweeps', async () => {
  const early = retain();
  await early.stop();
  await early.start();
  const late = retain({ sweepEveryMs: 3_600_000 });
  await late.start();
  await swept(late);
  await Promise.all([late.stop(), late.stop(), early.stop()]);
  expect(early.sweeps).toEqual({ done: 0, busy: 0, failed: 0 });
});
