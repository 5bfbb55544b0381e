import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';

let fresh: FreshDatabase;
let database: Database;
let admin: Database;
const asha = randomUUID();

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('transaction'), name: 'transaction' });
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
  await admin.query({
    text: `insert into transaction.accounts (id, kind, name, phone, email)
           values ($1, 'person', 'Asha', '+917010233310', 'asha@example.com')`,
    values: [asha],
  });
});
afterEach(async () => {
  await Promise.all([database.stop(), admin.stop()]);
  await fresh.drop();
});

const keep = (key: string, daysOld: number) =>
  admin.query({
    text: `insert into transaction.idempotency_keys (account_id, key, fingerprint, status, response, created_at)
           values ($1, $2, '', 201, '{}', now() - make_interval(days => $3))`,
    values: [asha, key, daysOld],
  });
const keys = async () =>
  (
    await database.query<{ key: string }>({ text: 'select key from idempotency_keys order by created_at' })
  ).map(({ key }) => key);
const forget = (days: number, rows = 5_000) =>
  database.query({
    text: `select removed, upto is null as done from forget_idempotency_keys($1, '-infinity', $2)`,
    values: [days, rows],
  });

test('keys go when they are old enough', async () => {
  await keep('old', 31);
  await keep('young', 29);
  expect(await forget(30)).toEqual([{ removed: 1, done: true }]);
  expect(await keys()).toEqual(['young']);
});

test('as many go as were asked for, the oldest first', async () => {
  for (const days of [40, 39, 38]) await keep(`of ${days} days`, days);
  expect(await forget(30, 2)).toEqual([{ removed: 2, done: false }]);
  expect(await keys()).toEqual(['of 38 days']);
});

test.each([6, 0, -1])('the database refuses to keep keys for %i days only', async (days) => {
  await keep('six days old', 6);
  await expect(forget(days)).rejects.toThrow('kept for at least 7 days');
  expect(await keys()).toEqual(['six days old']);
});

test('buckets of rate limits go when they are full again, at most as many as were asked for', async () => {
  await admin.query({
    text: `insert into transaction.rate_limits
           select 'bucket ' || n, clock_timestamp() + make_interval(hours => n) from generate_series(-3, 2) n where n <> 0`,
  });
  const forgetBuckets = (rows: number) =>
    database.query({
      text: `select removed, upto is null as done from forget_rate_limits(0, '-infinity', $1)`,
      values: [rows],
    });
  expect(await forgetBuckets(2)).toEqual([{ removed: 2, done: false }]);
  expect(await forgetBuckets(2)).toEqual([{ removed: 1, done: true }]);
  const left = await admin.query({ text: 'select bucket from transaction.rate_limits order by bucket' });
  expect(left).toEqual([{ bucket: 'bucket 1' }, { bucket: 'bucket 2' }]);
});

test('what is not said is no permission', async () => {
  await keep('old', 31);
  const nothing = { text: 'select (forget_idempotency_keys(null, null, null)).removed' };
  expect(await database.query(nothing)).toEqual([{ removed: null }]);
  expect(await keys()).toEqual(['old']);
});
