import { remoteVerifier, TOKEN_LIFETIME_SECONDS } from '@payfan/service';
import { hashKey, type KnownKey } from '../key-owners.ts';
import { openApi, type TestApi } from '../testing/api.ts';

const ASHA = '00000000-0000-7000-8000-0000000a54a0';
const NAME = 'mira';
/** As long as a process may accept a key after its revocation. */
const KEY_VERDICT_MS = 5_000;
const TOKEN_LIFETIME_MS = TOKEN_LIFETIME_SECONDS * 1_000;

let api: TestApi;
let nowMs: number;
const now = () => new Date(nowMs);

beforeEach(() => (nowMs = Date.now()));
afterEach(() => api.close());

const buy = (bearer: string) => api.call('/v1/tokens', { method: 'POST', key: bearer });
const tokenOf = async (key: string) => {
  const { status, body } = await buy(key);
  return status === 201 ? (body['token'] as string) : undefined;
};
/** 401, or how a valid owner of this kind is answered: 200 for an account, 403 for the others. */
const statusWith = async (bearer: string) => (await api.call('/v1/transfers', { key: bearer })).status;

/** A key that is kept in the database, as those of accounts are. */
async function openWithRow(role: 'account' | 'operator', key: string): Promise<() => Promise<void>> {
  api = await openApi({ now });
  await api.admin.query({
    text: 'insert into transaction.api_keys (hash, role, account_id, name) values ($1, $2, $3, $4)',
    values: [hashKey(key), role, role === 'account' ? ASHA : null, NAME],
  });
  return async () => {
    await api.admin.query({
      text: 'update transaction.api_keys set revoked_at = now() where hash = $1',
      values: [hashKey(key)],
    });
  };
}

/** A key of the environment, which is revoked by a start without it. */
async function openWithKnown(owner: KnownKey['owner'], key: string): Promise<() => Promise<void>> {
  const first = await openApi({ now, known: [{ key, owner }] });
  api = first;
  return async () => {
    await first.stop();
    const second = await openApi({ now, beside: first, port: first.port });
    api = { ...second, close: () => second.close().then(() => first.close()) };
  };
}

test.each([
  ['an account', 200, (key: string) => openWithRow('account', key)],
  ['an operator with a row', 403, (key: string) => openWithRow('operator', key)],
  [
    'an operator of the environment',
    403,
    (key: string) => openWithKnown({ kind: 'operator', name: NAME }, key),
  ],
  ['a service', 403, (key: string) => openWithKnown({ kind: 'service', name: NAME, grants: [] }, key)],
])('a revoked key of %s ends with the last token it bought', async (_whose, granted, open) => {
  const key = 'a-key-that-will-be-revoked';
  const revoke = await open(key);
  const verifyElsewhere = remoteVerifier({ transactionUrl: api.url('/'), now: () => nowMs });
  expect(await verifyElsewhere(key)).toBeDefined();
  let lastToken = await tokenOf(key);
  expect(await statusWith(key)).toBe(granted);

  await revoke();
  const revokedAtMs = nowMs;
  nowMs = revokedAtMs + KEY_VERDICT_MS - 1;
  lastToken = (await tokenOf(key)) ?? lastToken ?? '';
  const lastEndsAtMs = (await verifyElsewhere(lastToken))?.expiresAtMs ?? 0;
  expect(lastEndsAtMs).toBeLessThanOrEqual(revokedAtMs + KEY_VERDICT_MS + TOKEN_LIFETIME_MS);

  // Every cache on the way is used throughout, so that it has every occasion to prolong the key.
  for (nowMs = revokedAtMs + KEY_VERDICT_MS + 1; nowMs < lastEndsAtMs; nowMs += 60_000) {
    expect((await buy(key)).status).toBe(401);
    expect((await buy(lastToken)).status).toBe(401);
    expect(await statusWith(key)).toBe(401);
    expect(await statusWith(lastToken)).toBe(granted);
    await verifyElsewhere(key);
    expect(await verifyElsewhere(lastToken)).toBeDefined();
  }

  nowMs = lastEndsAtMs;
  for (const bearer of [key, lastToken]) {
    expect((await buy(bearer)).status).toBe(401);
    expect(await statusWith(bearer)).toBe(401);
    expect(await verifyElsewhere(bearer)).toBeUndefined();
  }
});

test('a token buys no token, and the refusal names the remedy', async () => {
  api = await openApi({ now });
  for (const key of ['demo_asha', 'demo_operator', 'demo_service']) {
    const { status, headers, body } = await buy((await tokenOf(key)) ?? '');
    expect([status, body['code']]).toEqual([401, 'unauthenticated']);
    expect(body['detail']).toContain('Send your API key');
    expect(headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);
  }
});
