import { newId } from '@payfan/service';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';

let fresh: FreshDatabase;
let database: Database;
beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('payout'), name: 'payout' });
});
afterEach(async () => {
  await database.stop();
  await fresh.drop();
});

/** A payout that was finished so long ago, or is not yet finished. */
async function keep(name: string, lines: number, finishedDaysAgo: number | null): Promise<void> {
  const values = [newId(), name, lines, finishedDaysAgo];
  await database.query({
    text: `insert into payouts (id, account_id, idempotency_key, fingerprint, answer, lane, owner, traceparent,
                                correlation_id, currency, total, amount, succeeded, status, created_at, updated_at,
                                completed_at)
           values ($1, $1, $2, sha256(''), '', 'free', '{}', '', '', 'INR', $3::int, $3::int,
                   case when $4::int is null then 0 else $3::int end,
                   case when $4::int is null then 'processing' else 'completed' end,
                   now() - interval '400 days', now(), now() - make_interval(days => $4::int))`,
    values,
  });
  await database.query({
    text: `insert into payout_items (payout_id, line, payee_phone, amount, note)
           select $1, n, '', 1, '' from generate_series(1, $2::int) n`,
    values: [values[0], lines],
  });
  await database.query({
    text: `insert into payout_chunks (payout_id, chunk, first_line, last_line, items) values ($1, 1, 1, $2, $2)`,
    values: [values[0], lines],
  });
}

const forget = async (days: number, rows = 5_000) => {
  const [row] = await database.query<{ removed: number; done: boolean }>({
    text: `select removed, upto is null as done from forget_payouts($1, '-infinity', $2)`,
    values: [days, rows],
  });
  return row;
};
const left = async () => {
  const rows = await database.query<{ name: string; lines: number; chunks: number }>({
    text: `select idempotency_key as name,
                  (select count(*) from payout_items i where i.payout_id = p.id) as lines,
                  (select count(*) from payout_chunks c where c.payout_id = p.id) as chunks
           from payouts p order by 1`,
  });
  return rows.map(({ name, lines, chunks }) => `${name}: ${lines} lines, ${chunks} chunks`);
};

test('payouts go with all their lines, the oldest first and a bounded number of lines at a time', async () => {
  await keep('old', 3, 32);
  await keep('older', 5, 40);
  await keep('young', 2, 29);
  await keep('under way', 2, null);
  expect(await forget(30, 4)).toEqual({ removed: 4, done: false });
  expect(await left()).toEqual([
    'old: 3 lines, 1 chunks',
    'older: 1 lines, 1 chunks',
    'under way: 2 lines, 1 chunks',
    'young: 2 lines, 1 chunks',
  ]);
  expect(await forget(30, 4)).toEqual({ removed: 2, done: false });
  expect(await forget(30, 4)).toEqual({ removed: 4, done: false });
  expect(await forget(30, 4)).toEqual({ removed: 0, done: true });
  expect(await left()).toEqual(['under way: 2 lines, 1 chunks', 'young: 2 lines, 1 chunks']);
});

test('the database refuses to keep payouts for less than a month, and the service to delete them by itself', async () => {
  await keep('old', 1, 29);
  await expect(forget(29)).rejects.toThrow('kept for at least 30 days');
  await expect(database.query({ text: 'delete from payouts' })).rejects.toThrow('permission denied');
  expect(await left()).toHaveLength(1);
});
