import { randomUUID } from 'node:crypto';
import { FeedsRead, type LiveEvent, type ReadFeeds } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import type { Principal } from '@payfan/service';
import { appendToFeeds } from '../feed-store.ts';
import { liveEventOf } from '../live-event.ts';
import { startPushApi } from '../testing/push-api.ts';
import { someItem } from '../testing/some-item.ts';
import { feedRoutes } from './feeds.ts';

let push: Awaited<ReturnType<typeof startPushApi>>;
let admin: Database;

const people: Record<string, Principal> = {
  operator: { kind: 'operator', name: 'operator' },
  service: { kind: 'service', name: 'gateway', grants: ['feeds'] },
  other: { kind: 'service', name: 'shop', grants: ['deliveries', 'follow:account.*'] },
  asha: { kind: 'account', accountId: randomUUID(), tier: 'premium' },
};

beforeAll(async () => {
  push = await startPushApi(people, feedRoutes);
  admin = openDatabase({ url: push.adminUrl, name: 'admin', max: 2 });
});
afterAll(async () => {
  await admin.stop();
  await push.stop();
});

const call = (body: unknown, key: string) => push.call('POST', '/v1/feeds/read', key, body);

async function read(limit: number, ...feeds: ReadFeeds['feeds']): Promise<FeedsRead['feeds']> {
  const { status, body } = await call({ feeds, limit }, 'service');
  expect(status).toBe(200);
  return FeedsRead.parse(body).feeds;
}

/** An account with so many entries in its feed, and how readers are to see them. */
async function accountWith(entries: number): Promise<{ accountId: string; events: LiveEvent[] }> {
  const accountId = randomUUID();
  const items = Array.from({ length: entries }, () => someItem(accountId));
  const appended = items.length === 0 ? [] : await appendToFeeds(push.database, items);
  return { accountId, events: appended.map((entry) => liveEventOf(accountId, entry)) };
}

/** Retention, as if the entries up to this number had become old. */
async function forgetUpTo(accountId: string, seq: number): Promise<void> {
  await admin.query({
    text: `update push.feed_events set created_at = created_at - interval '91 days' where account_id = $1 and seq <= $2`,
    values: [accountId, seq],
  });
  await push.database.query({ text: `select forget_feed_events(90, '-infinity', 1000)` });
}

test('each feed is answered with what it holds after the number asked, in order and in the order asked', async () => {
  const [asha, ravi] = [await accountWith(5), await accountWith(2)];
  expect(
    await read(10, { accountId: ravi.accountId, after: 0 }, { accountId: asha.accountId, after: 3 }),
  ).toEqual([
    { accountId: ravi.accountId, firstSeq: 1, lastSeq: 2, events: ravi.events },
    { accountId: asha.accountId, firstSeq: 1, lastSeq: 5, events: asha.events.slice(3) },
  ]);
});

test('an event tells the topic, the number, the event and what is shown', async () => {
  const accountId = randomUUID();
  const item = someItem(accountId);
  await appendToFeeds(push.database, [item]);
  const [feed] = await read(10, { accountId, after: 0 });
  expect(feed?.events).toEqual([
    {
      t: 'event',
      topic: `account.${accountId}`,
      seq: 1,
      id: item.eventId,
      type: item.type,
      time: expect.any(String),
      data: item.data,
    },
  ]);
});

test('at most `limit` events of each feed, the oldest first; with 0 only where it stands', async () => {
  const [asha, ravi] = [await accountWith(5), await accountWith(3)];
  const asked = [
    { accountId: asha.accountId, after: 1 },
    { accountId: ravi.accountId, after: 0 },
  ];
  expect((await read(2, ...asked)).map(({ events }) => events)).toEqual([
    asha.events.slice(1, 3),
    ravi.events.slice(0, 2),
  ]);
  expect(await read(0, ...asked)).toEqual([
    { accountId: asha.accountId, firstSeq: 1, lastSeq: 5, events: [] },
    { accountId: ravi.accountId, firstSeq: 1, lastSeq: 3, events: [] },
  ]);
});

test('where nothing is new there is nothing, and a feed that never was begins at 1', async () => {
  const { accountId } = await accountWith(2);
  const unknown = randomUUID();
  expect(await read(10, { accountId, after: 2 }, { accountId: unknown, after: 0 })).toEqual([
    { accountId, firstSeq: 1, lastSeq: 2, events: [] },
    { accountId: unknown, firstSeq: 1, lastSeq: 0, events: [] },
  ]);
});

test('the first number that is kept shows what is gone, also when all of it is', async () => {
  const { accountId, events } = await accountWith(4);
  await forgetUpTo(accountId, 2);
  expect(await read(10, { accountId, after: 0 })).toEqual([
    { accountId, firstSeq: 3, lastSeq: 4, events: events.slice(2) },
  ]);
  await forgetUpTo(accountId, 4);
  expect(await read(10, { accountId, after: 0 })).toEqual([
    { accountId, firstSeq: 5, lastSeq: 4, events: [] },
  ]);
});

test('one answer holds 20,000 events at most, shared out among its feeds', async () => {
  const { accountId, events } = await accountWith(120);
  const others = Array.from({ length: 199 }, () => ({ accountId: randomUUID(), after: 0 }));
  const [feed] = await read(500, { accountId, after: 0 }, ...others);
  expect(feed).toEqual({ accountId, firstSeq: 1, lastSeq: 120, events: events.slice(0, 100) });
  const [rest] = await read(500, { accountId, after: 100 });
  expect(rest?.events).toEqual(events.slice(100));
});

test('operators may read, people may not', async () => {
  const { accountId } = await accountWith(1);
  const body = { feeds: [{ accountId, after: 0 }], limit: 10 };
  expect((await call(body, 'operator')).status).toBe(200);
  for (const key of ['asha', 'other']) {
    expect(await call(body, key)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  }
  expect(await call(body, 'nobody')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
});

test.each([
  ['no feed', { feeds: [], limit: 10 }],
  ['no account id', { feeds: [{ accountId: 'asha', after: 0 }], limit: 10 }],
  ['a number below 0', { feeds: [{ accountId: randomUUID(), after: -1 }], limit: 10 }],
  ['more events than are given', { feeds: [{ accountId: randomUUID(), after: 0 }], limit: 501 }],
])('a request with %s is refused', async (_what, body) => {
  expect(await call(body, 'service')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});
