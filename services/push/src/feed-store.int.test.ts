import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, rowsReadByIndex, type FreshDatabase } from '@payfan/stack/testing';
import type { FeedItem } from './feed-item.ts';
import { appendToFeeds } from './feed-store.ts';

let fresh: FreshDatabase;
let database: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('push'), name: 'push' });
});
afterAll(async () => {
  await database.stop();
  await fresh.drop();
});

const item = (accountId: string, eventId: string = randomUUID()): FeedItem => ({
  accountId,
  eventId,
  type: 'transfer.credited',
  data: {
    transferId: randomUUID(),
    amount: 1,
    currency: 'INR',
    counterparty: { name: 'Asha' },
    note: '',
    createdAt: new Date().toISOString(),
  },
});

const append = async (items: FeedItem[]) => (await appendToFeeds(database, items)).map(({ seq }) => seq);

async function sequencesOf(accountId: string): Promise<number[]> {
  const rows = await database.query<{ seq: number }>({
    text: 'select seq from feed_events where account_id = $1 order by seq',
    values: [accountId],
  });
  return rows.map(({ seq }) => seq);
}
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

test('numbers an account’s items from 1, in the order they came', async () => {
  const [asha, ravi] = [randomUUID(), randomUUID()];
  expect(await append([item(asha), item(ravi), item(asha)])).toEqual([1, 1, 2]);
  expect(await append([item(ravi), item(asha)])).toEqual([2, 3]);
});

test('an event has one entry: a repeat keeps its number, in the same batch and in a later one', async () => {
  const account = randomUUID();
  const told = item(account);
  expect(await append([told, item(account), told])).toEqual([1, 2, 1]);
  expect(await append([item(account), told])).toEqual([3, 1]);
  expect(await sequencesOf(account)).toEqual([1, 2, 3]);
});

test('an item is answered with when it got there, which does not change either', async () => {
  const told = item(randomUUID());
  const [first] = await appendToFeeds(database, [told]);
  expect(first).toEqual({ ...told, seq: 1, createdAt: expect.any(Date) });
  expect(await appendToFeeds(database, [item(told.accountId), told])).toContainEqual(first);
});

test('reads only what it appends to, also by plans that were made while the tables were tiny', async () => {
  const admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
  const one = openDatabase({ url: fresh.urlFor('push'), name: 'push', max: 1 });
  const rowsRead = () => rowsReadByIndex(admin, ['push.feed_heads', 'push.feed_events'], [one]);
  try {
    await admin.query({ text: 'truncate push.feed_heads, push.feed_events' });
    const few = [randomUUID(), randomUUID()].map((account) => item(account));
    await appendToFeeds(one, few);
    await admin.query({ text: 'analyze push.feed_heads, push.feed_events' });
    await appendToFeeds(one, few);
    const crowd = Array.from({ length: 2_000 }, () => item(randomUUID()));
    await appendToFeeds(database, crowd);

    const before = await rowsRead();
    await appendToFeeds(one, [item(randomUUID()), item(crowd[0]!.accountId)]);
    expect((await rowsRead()) - before).toBeLessThan(20);
  } finally {
    await one.stop();
    await admin.stop();
  }
});

test('many writers at once, over the same accounts and events, leave no gap and no double', async () => {
  const accounts = Array.from({ length: 5 }, () => randomUUID());
  const events = Array.from({ length: 40 }, () => randomUUID());
  const everything = accounts.flatMap((account) => events.map((event) => item(account, event)));
  const shuffled = () => [...everything].sort(() => Math.random() - 0.5);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const mine = shuffled();
      for (let at = 0; at < mine.length; at += 25) await appendToFeeds(database, mine.slice(at, at + 25));
    }),
  );
  for (const account of accounts) expect(await sequencesOf(account)).toEqual(upTo(events.length));
});

test('a batch that fails takes no numbers', async () => {
  const account = randomUUID();
  await expect(append([item(account), item('not a uuid')])).rejects.toThrow(/uuid/);
  expect(await append([item(account)])).toEqual([1]);
});
