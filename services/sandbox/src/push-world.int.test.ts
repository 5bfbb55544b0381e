import { createHealth, createLogger } from '@payfan/service';
import { waitFor } from '@payfan/stack/testing';
import webPush from 'web-push';
import { pushWorld } from './push-world.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const vapid = webPush.generateVAPIDKeys();
const vapidDetails = { subject: 'mailto:operator@payfan.example', ...vapid };

type Subscription = webPush.PushSubscription & { id: string };
interface Page {
  data: { topic: string | null; payload: string; messages: number; urgency: string; ttlSeconds: number }[];
  total: number;
}

/** The push service on a free port. `settings` are what random() and the clock give. */
async function startWorld() {
  const settings = { dice: 0, aheadMs: 0 };
  let ids = 0;
  const world = pushWorld({
    logger: createLogger({ service: 'sandbox', level: 'silent' }),
    health: createHealth({}),
    now: () => Date.now() + settings.aheadMs,
    random: () => settings.dice,
    newId: () => String((ids += 1)),
    httpPort: 0,
  });
  stops.push(async () => {
    for (const part of [...world.parts].reverse()) await part.stop();
  });
  for (const part of world.parts) await part.start();
  const url = `http://127.0.0.1:${world.http.port}`;
  const json = (method: string, path: string, body: unknown) =>
    fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return {
    settings,
    url,
    subscribe: async (applicationServerKey = vapid.publicKey) =>
      (await (await json('POST', '/subscriptions', { applicationServerKey })).json()) as Subscription,
    unsubscribe: ({ id }: Subscription) => fetch(`${url}/subscriptions/${id}`, { method: 'DELETE' }),
    behave: async (behaviour: object) =>
      expect((await json('PUT', '/behaviour', behaviour)).status).toBe(200),
    list: async (query = '') => (await (await fetch(`${url}/messages${query}`)).json()) as Page,
    outcomes: async () => {
      const log = (await (await fetch(`${url}/attempts`)).json()) as { data: { outcome: string }[] };
      return log.data.map(({ outcome }) => outcome);
    },
  };
}

/** As the library that senders use would send it, but for what `change` changes. */
function send(
  subscription: webPush.PushSubscription,
  payload: string,
  options: webPush.RequestOptions = {},
  change: (headers: Record<string, string>) => void = () => undefined,
  signal?: AbortSignal,
): Promise<Response> {
  const request = webPush.generateRequestDetails(subscription, payload, {
    vapidDetails,
    TTL: 60,
    ...options,
  });
  // fetch counts for itself.
  const { 'Content-Length': _length, ...rest } = request.headers as Record<string, string | number>;
  const headers = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)]));
  change(headers);
  const body = new Uint8Array(request.body);
  return fetch(request.endpoint, {
    method: 'POST',
    headers,
    body,
    ...(signal === undefined ? {} : { signal }),
  });
}

test('what the usual library sends is taken, deciphered and shown', async () => {
  const { subscribe, list, url } = await startWorld();
  const subscription = await subscribe();
  const answer = await send(subscription, '{"title":"₹100.00"}', { urgency: 'high', topic: 'lunch' });
  expect([answer.status, answer.headers.get('ttl')]).toEqual([201, '60']);
  expect(answer.headers.get('location')).toContain(`${url}/messages/`);
  expect(await list(`?subscription=${subscription.id}`)).toMatchObject({
    data: [{ topic: 'lunch', payload: '{"title":"₹100.00"}', messages: 1, urgency: 'high', ttlSeconds: 60 }],
  });
  expect((await list('?subscription=another')).data).toEqual([]);
});

test('a message takes the place of the one before under its topic, at its subscription alone', async () => {
  const { subscribe, list, outcomes } = await startWorld();
  const [phone, laptop] = [await subscribe(), await subscribe()];
  await send(phone, 'first', { topic: 'lunch' });
  await send(laptop, 'first', { topic: 'lunch' });
  await send(phone, 'second', { topic: 'lunch' });
  await send(phone, 'without');
  await send(phone, 'without');
  const { data } = await list();
  expect(data.map(({ payload, messages }) => [payload, messages])).toEqual([
    ['without', 1],
    ['without', 1],
    ['first', 1],
    ['second', 2],
  ]);
  expect(await outcomes()).toEqual(['stored', 'stored', 'repeated', 'stored', 'stored']);
});

test('a subscription that is gone has another answer than one that never was', async () => {
  const { subscribe, unsubscribe } = await startWorld();
  const subscription = await subscribe();
  expect((await unsubscribe(subscription)).status).toBe(204);
  expect((await send(subscription, 'hello')).status).toBe(410);
  expect((await send({ ...subscription, endpoint: `${subscription.endpoint}0` }, 'hello')).status).toBe(404);
});

test('nobody but the sender for whom a subscription was made may send to it', async () => {
  const { subscribe, settings, list } = await startWorld();
  const subscription = await subscribe();
  const detailOf = async (answer: Response) => [
    answer.status,
    ((await answer.json()) as { detail: string }).detail,
  ];
  const others = { ...vapidDetails, ...webPush.generateVAPIDKeys() };
  const forged = { ...others, publicKey: vapid.publicKey };
  const without = (headers: Record<string, string>) => {
    Reflect.deleteProperty(headers, 'Authorization');
  };
  expect(await detailOf(await send(subscription, 'x', {}, without))).toEqual([401, expect.any(String)]);
  for (const [options, reason] of [
    [{ vapidDetails: others }, 'made for another key'],
    [{ vapidDetails: forged }, 'signature is wrong'],
  ] as const) {
    expect(await detailOf(await send(subscription, 'x', options))).toEqual([
      403,
      expect.stringContaining(reason),
    ]);
  }
  const elsewhere = { ...subscription, endpoint: subscription.endpoint.replace('127.0.0.1', 'localhost') };
  expect(await detailOf(await send(elsewhere, 'x'))).toEqual([403, expect.stringContaining('aud must be')]);
  settings.aheadMs = 13 * 3_600_000;
  expect(await detailOf(await send(subscription, 'x'))).toEqual([403, expect.stringContaining('expired')]);
  settings.aheadMs = -13 * 3_600_000;
  expect(await detailOf(await send(subscription, 'x'))).toEqual([403, expect.stringContaining('24 hours')]);
  expect((await list()).total).toBe(0);
});

test.each([
  ['without a TTL', 'TTL', undefined, 400],
  ['with a topic that is too long', 'Topic', 'x'.repeat(33), 400],
  ['with an urgency that there is not', 'Urgency', 'now', 400],
  ['in another coding', 'Content-Encoding', 'aesgcm', 415],
])('a message %s is refused', async (_what, name, value, status) => {
  const { subscribe, list } = await startWorld();
  const answer = await send(await subscribe(), 'x', {}, (headers) => {
    if (value === undefined) Reflect.deleteProperty(headers, name);
    else headers[name] = value;
  });
  expect([answer.status, (await list()).total]).toEqual([status, 0]);
});

test('a message that is too long is refused, and so is one that its browser could not decipher', async () => {
  const { subscribe, outcomes } = await startWorld();
  const [mine, other] = [await subscribe(), await subscribe()];
  expect((await send(mine, 'x'.repeat(4_000))).status).toBe(413);
  expect((await send({ ...mine, keys: other.keys }, 'x')).status).toBe(400);
  expect(await outcomes()).toEqual(['invalid', 'invalid']);
});

test('misbehaves as it is configured: busy, away, gone, silent', async () => {
  const { subscribe, behave, list, outcomes, settings } = await startWorld();
  const subscription = await subscribe();
  settings.dice = 0.5;
  await behave({ failRate: 1, retryAfterSeconds: 7 });
  const busy = await send(subscription, 'x');
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
  await behave({ failRate: 1 });
  expect((await send(subscription, 'x')).status).toBe(503);
  await behave({ reject: 410 });
  expect((await send(subscription, 'x')).status).toBe(410);
  await behave({ hang: true });
  const impatient = new AbortController();
  const unanswered = send(subscription, 'x', { topic: 't' }, undefined, impatient.signal).catch(
    (error: unknown) => error,
  );
  await waitFor(async () => (await list()).total === 1, { what: 'the message' });
  impatient.abort();
  expect(await unanswered).toMatchObject({ name: 'AbortError' });
  await behave({});
  expect((await send(subscription, 'x', { topic: 't' })).status).toBe(201);
  expect(await outcomes()).toEqual(['throttled', 'failed', 'rejected', 'hung', 'repeated']);
});
