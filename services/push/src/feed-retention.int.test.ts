import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import type { FeedItem } from './feed-item.ts';
import { appendToFeeds } from './feed-store.ts';

let fresh: FreshDatabase;
let database: Database;
let admin: Database;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('push'), name: 'push' });
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
});
afterEach(async () => {
  await Promise.all([database.stop(), admin.stop()]);
  await fresh.drop();
});

const accountId = randomUUID();
const append = async () => {
  const data = {
    transferId: randomUUID(),
    amount: 1,
    currency: 'INR' as const,
    counterparty: { name: 'Asha' },
    note: '',
  };
  const item: FeedItem = {
    ...{ accountId, eventId: randomUUID(), type: 'transfer.credited' },
    data: { ...data, createdAt: new Date().toISOString() },
  };
  return (await appendToFeeds(database, [item])).map(({ seq }) => seq);
};
const pass = (days: number) =>
  admin.query({
    text: 'update push.feed_events set created_at = created_at - make_interval(days => $1)',
    values: [days],
  });
const forget = (days: number) =>
  database.query({ text: `select removed from forget_feed_events($1, '-infinity', 100)`, values: [days] });
const left = () => database.query({ text: 'select seq from feed_events order by seq' });

test('old items go, and the numbers go on where they were', async () => {
  await append();
  await append();
  await pass(91);
  expect(await forget(90)).toEqual([{ removed: 2 }]);
  expect(await append()).toEqual([3]);
  expect(await forget(90)).toEqual([{ removed: 0 }]);
  expect(await left()).toEqual([{ seq: 3 }]);
});

test('the database refuses to keep them for less than 30 days, and its role may not delete', async () => {
  await append();
  await pass(29);
  await expect(forget(29)).rejects.toThrow('kept for at least 30 days');
  await expect(database.query({ text: 'delete from feed_events' })).rejects.toThrow('permission denied');
  expect(await left()).toEqual([{ seq: 1 }]);
});
