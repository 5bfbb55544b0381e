import { randomUUID } from 'node:crypto';
import type { Lane } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { createLogger, createMetrics } from '@payfan/service';
import {
  freshDatabase,
  startSandbox,
  waitFor,
  type FreshDatabase,
  type Sandbox,
} from '@payfan/stack/testing';
import { appendToFeeds } from '../feed-store.ts';
import { someItem } from '../testing/some-item.ts';
import { topicOf, type Notification } from './notification.ts';
import { subscribe, unsubscribe } from './subscription-store.ts';
import { keptVapidKeys } from './vapid-keys.ts';
import { createWebPush, type WebPush } from './web-push.ts';

interface Shown {
  subscription: string;
  topic: string;
  urgency: string;
  ttlSeconds: number;
  payload: string;
  messages: number;
}

const logger = createLogger({ service: 'push', level: 'silent' });
let sandbox: Sandbox;
let fresh: FreshDatabase;
let database: Database;
let stops: (() => Promise<unknown>)[];

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());
beforeEach(async () => {
  stops = [];
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('push'), name: 'push' });
  await behave({});
});
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await database.stop();
  await fresh.drop();
});

const json = (method: string, path: string, body: unknown) =>
  fetch(`${sandbox.webPushUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const behave = (behaviour: object) => json('PUT', '/behaviour', behaviour);

/** A browser of an account, as its push service knows it. */
async function browserOf(accountId: string) {
  const { publicKey } = await keptVapidKeys(database);
  const answer = await json('POST', '/subscriptions', { applicationServerKey: publicKey });
  const { id, endpoint, keys } = (await answer.json()) as {
    id: string;
    endpoint: string;
    keys: { p256dh: string; auth: string };
  };
  await subscribe(database, { accountId, endpoint, ...keys, expiresAt: null });
  return {
    endpoint,
    shown: async () => {
      const page = await (await fetch(`${sandbox.webPushUrl}/messages?subscription=${id}`)).json();
      return (page as { data: Shown[] }).data;
    },
    attempts: async () => {
      const log = await (await fetch(`${sandbox.webPushUrl}/attempts?to=${id}`)).json();
      return (log as { data: { outcome: string }[] }).data.map(({ outcome }) => outcome);
    },
    isGone: () => fetch(`${sandbox.webPushUrl}/subscriptions/${id}`, { method: 'DELETE' }),
  };
}

const create = (timeoutMs = 5_000) =>
  createWebPush(database, {
    rules: { hosts: [], sandboxUrl: sandbox.webPushUrl },
    subject: 'mailto:operator@payfan.example',
    ...{ concurrency: 10, timeoutMs, bulkShare: 1 },
  });

/** A process that sends. */
async function start(webPush: WebPush = create()) {
  const registry = createMetrics('push');
  for (const metric of webPush.metrics) registry.registerMetric(metric);
  for (const part of webPush.parts({ logger })) {
    stops.push(() => part.stop());
    await part.start();
  }
  return {
    wake: (lane: Lane) => webPush.wake(lane),
    refusals: async () => {
      const metric = await registry.getSingleMetric('web_push_refusals_total')?.get();
      return metric?.values.find(({ labels }) => labels['lane'] === 'interactive')?.value;
    },
    count: async (outcome: string) => {
      const metric = await registry.getSingleMetric('web_pushes_total')?.get();
      return metric?.values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
    },
  };
}

/** Tells accounts of something; `onJobs` as the channel does, unless the process is to have died by then. */
async function tell(
  accountIds: string[],
  { lane = 'interactive', onJobs = () => undefined }: { lane?: Lane; onJobs?: () => void } = {},
) {
  return appendToFeeds(
    database,
    accountIds.map((accountId) => someItem(accountId)),
    { lane, onJobs },
  );
}

const jobs = () =>
  database.query<{ lane: string; attempts: number; waitSeconds: number }>({
    text: `select lane, attempts, extract(epoch from due_at - clock_timestamp())::float8 as "waitSeconds"
           from web_push_jobs order by created_at`,
  });
const subscriptions = () => database.query({ text: 'select id from web_push_subscriptions' });
const everythingIsDone = () =>
  waitFor(async () => (await jobs()).length === 0, { what: 'no job being left' });
/** As if the jobs had waited as long as they must. */
const makeDue = () => database.query({ text: 'update web_push_jobs set due_at = now()' });

test('every browser of an account, and no other, gets the notifications of its feed', async () => {
  const [asha, ravi] = [randomUUID(), randomUUID()];
  const [phone, laptop, other] = [await browserOf(asha), await browserOf(asha), await browserOf(ravi)];
  const { wake, count } = await start();
  const [entry] = await tell([asha], { onJobs: () => wake('interactive') });
  await everythingIsDone();
  for (const browser of [phone, laptop]) {
    const [shown, ...more] = await browser.shown();
    expect(more).toEqual([]);
    expect(shown).toMatchObject({ urgency: 'high', topic: topicOf(entry?.eventId ?? '') });
    expect(shown?.ttlSeconds).toBeGreaterThan(86_000);
    expect(JSON.parse(shown?.payload ?? '') as Notification).toMatchObject({
      title: 'You received ₹100.00',
      body: 'From Asha: lunch',
      tag: entry?.eventId,
      data: { seq: 1, ...(entry?.type === 'transfer.credited' && { transferId: entry.data.transferId }) },
    });
  }
  expect(await other.shown()).toEqual([]);
  await waitFor(async () => (await count('sent')) === 2, { what: 'both being counted' });
});

test('jobs are written with the feed, once, and only for accounts with a subscription', async () => {
  const [asha, ravi, expired] = [randomUUID(), randomUUID(), randomUUID()];
  await browserOf(asha);
  await browserOf(expired);
  await database.query({
    text: `update web_push_subscriptions set expires_at = now() - interval '1 second' where account_id = $1`,
    values: [expired],
  });
  let told = 0;
  const items = [asha, ravi, expired].map((accountId) => someItem(accountId));
  const browsers = { lane: 'bulk' as const, onJobs: () => (told += 1) };
  await appendToFeeds(database, items, browsers);
  await appendToFeeds(database, items, browsers);
  expect([await jobs(), told]).toMatchObject([[{ lane: 'bulk', attempts: 0 }], 1]);
  await expect(appendToFeeds(database, [{ ...someItem(asha), eventId: 'none' }])).rejects.toThrow('uuid');
  expect(await jobs()).toHaveLength(1);
});

test('what was committed by a process that died is sent by the next', async () => {
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await tell([asha]);
  await tell([asha], { lane: 'bulk' });
  await start();
  await everythingIsDone();
  expect((await browser.shown()).map(({ urgency }) => urgency).sort()).toEqual(['high', 'normal']);
});

test('several processes tell nobody twice', async () => {
  const accounts = Array.from({ length: 10 }, () => randomUUID());
  const browsers = await Promise.all(accounts.map(browserOf));
  const processes = [await start(), await start(), await start()];
  const wakeAll = () => {
    for (const { wake } of processes) wake('interactive');
  };
  for (let round = 0; round < 5; round += 1) await tell(accounts, { onJobs: wakeAll });
  await everythingIsDone();
  for (const browser of browsers) expect(await browser.attempts()).toEqual(Array(5).fill('stored'));
});

test('a browser that is gone is deleted, with all jobs for it', async () => {
  const asha = randomUUID();
  const [browser, other] = [await browserOf(asha), await browserOf(asha)];
  await browser.isGone();
  await tell([asha, asha, asha]);
  const { count } = await start();
  await everythingIsDone();
  await waitFor(async () => (await count('gone')) === 3, { what: 'three being counted' });
  expect(await subscriptions()).toHaveLength(1);
  expect(await other.shown()).toHaveLength(3);
});

test('a browser that unsubscribed before its job ran gets no notification', async () => {
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await tell([asha]);
  await unsubscribe(database, asha, browser.endpoint);
  await start();
  await everythingIsDone();
  expect(await browser.attempts()).toEqual([]);
});

test('a push service that asks for a pause gets it', async () => {
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await behave({ failRate: 1, retryAfterSeconds: 600 });
  await tell([asha]);
  const { count, wake } = await start();
  await waitFor(async () => (await count('retried')) === 1, { what: 'the refusal' });
  const [job] = await jobs();
  expect(job?.waitSeconds).toBeGreaterThan(590);
  expect(job?.waitSeconds).toBeLessThanOrEqual(600);
  await behave({});
  await makeDue();
  wake('interactive');
  await everythingIsDone();
  expect(await browser.attempts()).toEqual(['throttled', 'stored']);
});

test('without an answer it is sent again, and shown once', async () => {
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await behave({ hang: true });
  await tell([asha]);
  const { count, wake } = await start(create(300));
  await waitFor(async () => (await count('retried')) === 1, { what: 'the time-out' });
  expect(await browser.attempts()).toEqual(['hung']);
  await behave({});
  await makeDue();
  wake('interactive');
  await everythingIsDone();
  expect(await browser.attempts()).toEqual(['hung', 'repeated']);
  expect(await browser.shown()).toMatchObject([{ messages: 2 }]);
});

test('a push service that is away is tried again by itself', async () => {
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await behave({ failRate: 1 });
  await tell([asha]);
  const { count } = await start();
  await waitFor(async () => (await count('retried')) >= 1, { what: 'the failure' });
  await behave({});
  await everythingIsDone();
  expect(await browser.shown()).toHaveLength(1);
});

test('what is refused for what it is is dropped, and the browser stays', async () => {
  const asha = randomUUID();
  await browserOf(asha);
  await behave({ reject: 413 });
  await tell([asha]);
  const { count } = await start();
  await everythingIsDone();
  await waitFor(async () => (await count('refused')) === 1, { what: 'being counted' });
  expect(await subscriptions()).toHaveLength(1);
});

test('a message that is refused because of our keys is kept for an hour, and arrives once they are mended', async () => {
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await behave({ reject: 403 });
  await tell([asha]);
  const { count } = await start();
  await waitFor(async () => (await count('retried')) === 1, { what: 'the refusal' });
  const [job] = await database.query<{ minutes: number }>({
    text: `select extract(epoch from due_at - now())::float8 / 60 as minutes from web_push_jobs`,
  });
  expect(job?.minutes).toBeGreaterThan(50);
  await behave({});
  // As with new keys: those of a process never change.
  await stops.pop()?.();
  await makeDue();
  await start();
  await everythingIsDone();
  expect(await browser.shown()).toHaveLength(1);
});

test('a push service that refuses our keys is asked once for all its browsers, and the refusal is counted', async () => {
  const accounts = Array.from({ length: 5 }, () => randomUUID());
  const browsers = await Promise.all(accounts.map(browserOf));
  await behave({ reject: 403 });
  const { count, refusals, wake } = await start();
  expect(await refusals()).toBe(0);
  await tell(accounts.slice(0, 1), { onJobs: () => wake('interactive') });
  await waitFor(async () => (await count('retried')) === 1, { what: 'the refusal' });
  await tell(accounts.slice(1), { onJobs: () => wake('interactive') });
  await waitFor(async () => (await count('retried')) === 5, { what: 'the others being put off' });
  expect((await Promise.all(browsers.map((browser) => browser.attempts()))).flat()).toHaveLength(1);
  expect(await refusals()).toBe(1);
  for (const { waitSeconds } of await jobs()) expect(waitSeconds).toBeGreaterThan(50 * 60);
});

test('after a day it is no news any more', async () => {
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await tell([asha]);
  await database.query({ text: `update web_push_jobs set created_at = now() - interval '25 hours'` });
  const { count } = await start();
  await everythingIsDone();
  await waitFor(async () => (await count('expired')) === 1, { what: 'being counted' });
  expect(await browser.attempts()).toEqual([]);
});

test('all processes have one key pair, and stopping ends what hangs', async () => {
  const keys = await Promise.all(Array.from({ length: 5 }, () => keptVapidKeys(database)));
  expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1);
  const asha = randomUUID();
  const browser = await browserOf(asha);
  await behave({ hang: true });
  await tell([asha]);
  const webPush = create(60_000);
  await start(webPush);
  await waitFor(async () => (await browser.attempts()).length === 1, { what: 'the attempt' });
  await stops.pop()?.();
  expect(await jobs()).toMatchObject([{ attempts: 1 }]);
  expect((await jobs())[0]?.waitSeconds).toBeLessThan(10);
});
