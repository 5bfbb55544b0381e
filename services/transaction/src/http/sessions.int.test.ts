import { hashKey, KeyOwners } from '../key-owners.ts';
import { openApi, type TestApi } from '../testing/api.ts';

const ASHA = '00000000-0000-7000-8000-0000000a54a0';

let api: TestApi;
beforeEach(async () => {
  api = await openApi();
  await issueKey('asha-key');
});
afterEach(() => api.close());

const issueKey = (key: string) =>
  api.admin.query({ text: `select transaction.issue_key($1, $2, 'phone')`, values: [hashKey(key), ASHA] });
const open = async (key: string) => {
  const { status, body } = await api.call('/v1/sessions', { method: 'POST', key });
  expect(status).toBe(201);
  return body['session'] as string;
};
const statusOf = async (method: string, path: string, bearer: string) =>
  (await api.call(path, { method, key: bearer })).status;
const buys = async (bearer: string) => (await statusOf('POST', '/v1/tokens', bearer)) === 201;
/** As if a session had been used so long ago for the last time. */
const age = (session: string, interval: string) =>
  api.admin.query({
    text: `update transaction.web_sessions set last_used_at = now() - $2::interval where hash = $1`,
    values: [hashKey(session), interval],
  });
const lastUseOf = async (session: string) =>
  (
    await api.admin.query<{ age: number }>({
      text: `select extract(epoch from now() - last_used_at)::float8 as age from transaction.web_sessions where hash = $1`,
      values: [hashKey(session)],
    })
  )[0]?.age;

test('a key opens a session that buys tokens of its owner and is no credential anywhere else', async () => {
  const answer = await api.call('/v1/sessions', { method: 'POST', key: 'asha-key' });
  expect(answer).toMatchObject({
    status: 201,
    body: {
      session: expect.stringMatching(/^ps_[\w-]{43}$/) as string,
      expiresAt: expect.any(String) as string,
    },
  });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const session = answer.body['session'] as string;
  const { body } = await api.call('/v1/tokens', { method: 'POST', key: session });
  expect((await api.call('/v1/accounts/me', { key: body['token'] as string })).body['name']).toBe('Asha Rao');
  expect(await statusOf('GET', '/v1/accounts/me', session)).toBe(401);
  expect(await statusOf('POST', '/v1/sessions', session)).toBe(401);
});

test('neither session nor key is in the database, only their hashes', async () => {
  const session = await open('asha-key');
  const rows = await api.admin.query<{ all: string }>({
    text: `select s::text || encode(hash, 'escape') || encode(key_hash, 'escape') as all from transaction.web_sessions s`,
  });
  expect(rows).toHaveLength(1);
  for (const secret of [session, 'asha-key']) expect(rows[0]?.all).not.toContain(secret);
});

test('signing out ends a session at once, for every process', async () => {
  const another = await openApi({ beside: api });
  try {
    const [session, other] = [await open('asha-key'), await open('asha-key')];
    const buysElsewhere = async () =>
      (await another.call('/v1/tokens', { method: 'POST', key: session })).status === 201;
    expect([await buys(session), await buysElsewhere()]).toEqual([true, true]);
    expect(await statusOf('DELETE', '/v1/sessions/current', session)).toBe(204);
    expect([await buys(session), await buysElsewhere()]).toEqual([false, false]);
    expect(await statusOf('DELETE', '/v1/sessions/current', session)).toBe(401);
    expect(await buys(other)).toBe(true);
  } finally {
    await another.close();
  }
});

test('only a session ends a session', async () => {
  const token = (await api.call('/v1/tokens', { method: 'POST', key: 'asha-key' })).body['token'] as string;
  for (const bearer of ['asha-key', token, `ps_${'x'.repeat(43)}`, 'ps_']) {
    expect(await statusOf('DELETE', '/v1/sessions/current', bearer)).toBe(401);
  }
});

test('a token opens no session', async () => {
  const token = (await api.call('/v1/tokens', { method: 'POST', key: 'asha-key' })).body['token'] as string;
  expect(await statusOf('POST', '/v1/sessions', token)).toBe(401);
});

test('a session ends after 12 hours without use; use prolongs it, and is written at most once a minute', async () => {
  const session = await open('asha-key');
  await age(session, '11 hours 59 minutes');
  expect(await buys(session)).toBe(true);
  expect(await lastUseOf(session)).toBeLessThan(60);
  await age(session, '50 seconds');
  expect(await buys(session)).toBe(true);
  expect(await lastUseOf(session)).toBeGreaterThanOrEqual(50);
  await age(session, '12 hours 1 second');
  expect(await buys(session)).toBe(false);
});

test('a session ends with the key that made it, and no other does', async () => {
  await issueKey('second-key');
  const [session, other] = [await open('asha-key'), await open('second-key')];
  await api.database.query({ text: 'select revoke_key($1)', values: [hashKey('asha-key')] });
  expect([await buys(session), await buys(other)]).toEqual([false, true]);
});

test('a session of a key of the environment ends once the environment no longer has the key', async () => {
  const known = { key: 'mira-key', owner: { kind: 'operator', name: 'mira' } } as const;
  const before = await openApi({ beside: api, known: [known] });
  const session = (await before.call('/v1/sessions', { method: 'POST', key: 'mira-key' })).body[
    'session'
  ] as string;
  expect((await before.call('/v1/tokens', { method: 'POST', key: session })).status).toBe(201);
  await before.close();
  expect(await buys(session)).toBe(false);
  expect(await new KeyOwners(api.database, [known]).find(hashKey('mira-key'))).toEqual(known.owner);
});

test('the oldest of more than 100 sessions of a key end', async () => {
  const [first, second] = [await open('asha-key'), await open('asha-key')];
  await issueKey('second-key');
  const other = await open('second-key');
  for (let n = 0; n < 99; n += 1) await open('asha-key');
  expect(await Promise.all([first, second, other].map(buys))).toEqual([false, true, true]);
});

test('sessions that ended are removed, and no others', async () => {
  const [old, young] = [await open('asha-key'), await open('asha-key')];
  await age(old, '25 hours');
  await api.database.query({ text: `select forget_web_sessions(1, '-infinity', 100)` });
  expect([await lastUseOf(old), await lastUseOf(young)]).toEqual([undefined, expect.any(Number)]);
  await expect(
    api.database.query({ text: `select forget_web_sessions(0, '-infinity', 100)` }),
  ).rejects.toThrow(/at least a day/);
});
