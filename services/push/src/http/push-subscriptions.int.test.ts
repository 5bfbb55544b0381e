import { randomUUID } from 'node:crypto';
import { ROUTE_GRANTS } from '@payfan/contracts';
import type { Principal } from '@payfan/service';
import { startPushApi } from '../testing/push-api.ts';
import { someBrowser } from '../testing/some-browser.ts';
import { MOST_SUBSCRIPTIONS } from '../web-push/subscription-store.ts';
import { pushSubscriptionRoutes } from './push-subscriptions.ts';

const PATH = '/v1/push-subscriptions';
const account = (): Principal => ({ kind: 'account', accountId: randomUUID(), tier: 'free' });
const people: Record<string, Principal> = {};
let push: Awaited<ReturnType<typeof startPushApi>>;

beforeAll(async () => {
  push = await startPushApi(people, (api, database) =>
    pushSubscriptionRoutes(api, {
      database,
      rules: { hosts: ['fcm.googleapis.com'], sandboxUrl: 'http://127.0.0.1:8027' },
      publicKey: () => Promise.resolve('our key'),
    }),
  );
});
afterAll(() => push.stop());
beforeEach(() => {
  Object.assign(people, {
    asha: account(),
    ravi: account(),
    operator: { kind: 'operator', name: 'operator' },
    gateway: { kind: 'service', name: 'gateway', grants: [...ROUTE_GRANTS] },
  });
});

const subscribe = (key: string, browser: object) => push.call('POST', PATH, key, browser);
const unsubscribe = (key: string, endpoint: string) => push.call('DELETE', PATH, key, { endpoint });

async function browsersOf(key: string) {
  const principal = people[key];
  const accountId = principal?.kind === 'account' ? principal.accountId : '';
  return push.database.query<{ endpoint: string; auth: string; expiresAt: Date | null }>({
    text: `select endpoint, auth, expires_at as "expiresAt" from web_push_subscriptions
           where account_id = $1 order by created_at`,
    values: [accountId],
  });
}
const endpointsOf = async (key: string) => (await browsersOf(key)).map(({ endpoint }) => endpoint);

test('the key to subscribe for', async () => {
  expect(await push.call('GET', `${PATH}/key`, 'asha')).toEqual({
    status: 200,
    body: { publicKey: 'our key' },
  });
});

test('a browser subscribes as it describes itself, and the same again is the same', async () => {
  const browser = someBrowser();
  const first = await subscribe('asha', { ...browser, expirationTime: null });
  expect(first).toEqual({
    status: 201,
    body: { id: expect.any(String), endpoint: browser.endpoint, createdAt: expect.any(String) },
  });
  const again = { ...browser, keys: someBrowser().keys, expirationTime: 4_102_444_800_000 };
  expect(await subscribe('asha', again)).toEqual({ status: 200, body: first.body });
  expect(await browsersOf('asha')).toEqual([
    { endpoint: browser.endpoint, auth: again.keys.auth, expiresAt: new Date(4_102_444_800_000) },
  ]);
});

test('it unsubscribes by its endpoint, also twice, and nobody unsubscribes another’s', async () => {
  const [one, other] = [someBrowser(), someBrowser()];
  await subscribe('asha', one);
  await subscribe('asha', other);
  expect((await unsubscribe('ravi', one.endpoint)).status).toBe(204);
  expect(await endpointsOf('asha')).toHaveLength(2);
  expect((await unsubscribe('asha', one.endpoint)).status).toBe(204);
  expect((await unsubscribe('asha', one.endpoint)).status).toBe(204);
  expect(await endpointsOf('asha')).toEqual([other.endpoint]);
});

test('a browser that somebody else signs in with is theirs from then on; other keys prove nothing', async () => {
  const browser = someBrowser();
  const { body } = await subscribe('asha', browser);
  expect(await subscribe('ravi', { ...browser, keys: someBrowser().keys })).toMatchObject({
    status: 409,
    body: { code: 'endpoint_taken' },
  });
  expect(await endpointsOf('asha')).toEqual([browser.endpoint]);
  const taken = await subscribe('ravi', browser);
  expect(taken.status).toBe(201);
  expect(taken.body).not.toMatchObject({ id: (body as { id: string }).id });
  expect([await endpointsOf('asha'), await endpointsOf('ravi')]).toEqual([[], [browser.endpoint]]);
});

test('one more than an account may have takes the place of the one not heard of for the longest time', async () => {
  const browsers = Array.from({ length: MOST_SUBSCRIPTIONS + 2 }, () => someBrowser());
  for (const browser of browsers.slice(0, MOST_SUBSCRIPTIONS)) await subscribe('asha', browser);
  const [first, ...others] = browsers;
  await subscribe('asha', first ?? {});
  for (const browser of browsers.slice(MOST_SUBSCRIPTIONS)) await subscribe('asha', browser);
  expect(await endpointsOf('asha')).toEqual([first, ...others.slice(2)].map((browser) => browser?.endpoint));
});

test('also where all of them come at once', async () => {
  const browsers = Array.from({ length: 3 * MOST_SUBSCRIPTIONS }, () => someBrowser());
  const answers = await Promise.all(browsers.map((browser) => subscribe('asha', browser)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  expect(await endpointsOf('asha')).toHaveLength(MOST_SUBSCRIPTIONS);
});

test('only accounts have browsers', async () => {
  for (const key of ['operator', 'gateway']) {
    expect((await subscribe(key, someBrowser())).status).toBe(403);
    expect((await unsubscribe(key, someBrowser().endpoint)).status).toBe(403);
    expect((await push.call('GET', `${PATH}/key`, key)).status).toBe(403);
  }
  expect((await subscribe('nobody', someBrowser())).status).toBe(401);
});

const browser = someBrowser();
const keys = (changed: object) => ({ ...browser, keys: { ...browser.keys, ...changed } });
test.each([
  ['an endpoint of no push service', { ...browser, endpoint: 'https://example.com/x' }, 'endpoint'],
  ['an endpoint in our own house', { ...browser, endpoint: 'https://127.0.0.1/x' }, 'endpoint'],
  ['an endpoint beside the sandbox', { ...browser, endpoint: 'http://127.0.0.1:8026/x' }, 'endpoint'],
  ['no keys', { endpoint: browser.endpoint }, 'keys'],
  ['a key that is no point of the curve', keys({ p256dh: `B${'A'.repeat(86)}` }), 'keys.p256dh'],
  ['a key that is too short', keys({ p256dh: 'BAAA' }), 'keys.p256dh'],
  ['a secret that is too short', keys({ auth: 'AAAA' }), 'keys.auth'],
  ['a time that is none', { ...browser, expirationTime: 'soon' }, 'expirationTime'],
  ['a field that nobody knows', { ...browser, accountId: randomUUID() }, 'accountId'],
])('%s is refused', async (_what, body, path) => {
  expect(await subscribe('asha', body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request', errors: [{ in: 'body', path }] },
  });
  expect(await endpointsOf('asha')).toEqual([]);
});
