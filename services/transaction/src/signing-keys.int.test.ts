import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import {
  ConfigError,
  createLogger,
  KeyEncryption,
  remoteVerifier,
  TOKEN_LIFETIME_SECONDS,
  verifyToken,
  type Principal,
} from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { openApi, type TestApi } from './testing/api.ts';
import { SigningKeys, type SigningKeysOptions } from './signing-keys.ts';

const WAIT_MS = 90_000;
const asha: Principal = { kind: 'account', accountId: 'a-1', tier: 'premium' };

describe('rotation under load, with two processes and a verifier elsewhere', () => {
  let nowMs: number;
  let processes: [TestApi, TestApi];
  beforeEach(async () => {
    nowMs = Date.now();
    const now = () => new Date(nowMs);
    const first = await openApi({ now });
    processes = [first, await openApi({ now, beside: first })];
  });
  afterEach(async () => {
    for (const api of [...processes].reverse()) await api.close();
  });

  const rotate = (api: TestApi, key = 'demo_operator') =>
    api.call('/v1/signing-keys/rotate', { method: 'POST', key });
  const buy = async (api: TestApi) =>
    (await api.call('/v1/tokens', { method: 'POST' })).body['token'] as string;
  const kidOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
  const published = async (api: TestApi) =>
    (await api.call('/.well-known/jwks.json', { key: '' })).body['keys'] as { kid: string }[];
  /** The clock goes on, and each process has reread the table since. */
  const pass = async (ms: number) => {
    nowMs += ms;
    await Promise.all(processes.map(({ signingKeys }) => signingKeys.reread()));
  };

  test('no request is refused, and old tokens stay valid to their end', async () => {
    const [one, two] = processes;
    const verify = remoteVerifier({ transactionUrl: one.url('/'), now: () => nowMs });
    const expectAccepted = async () => {
      for (const api of processes) {
        const token = await buy(api);
        expect(await verify(token)).toMatchObject({ principal: { kind: 'account' } });
        for (const other of processes)
          expect((await other.call('/v1/accounts/me', { key: token })).status).toBe(200);
      }
    };
    await expectAccepted();
    const old = await buy(one);

    const answer = await rotate(one);
    expect(answer.status).toBe(201);
    expect(await published(one)).toHaveLength(2);
    expect(kidOf(await buy(one))).toBe(kidOf(old));
    await expectAccepted();
    await pass(5_000);
    expect(await published(two)).toEqual(await published(one));
    expect(kidOf(await buy(two))).toBe(kidOf(old));
    // As if what the verifier fetched last were older than its cool-down, as it is by now in earnest.
    const later = remoteVerifier({ transactionUrl: two.url('/'), now: () => nowMs });

    await pass(WAIT_MS);
    const fresh = await buy(one);
    expect(kidOf(fresh)).not.toBe(kidOf(old));
    expect(kidOf(await buy(two))).toBe(kidOf(fresh));
    expect(await later(fresh)).toBeDefined();
    for (const api of processes) expect((await api.call('/v1/accounts/me', { key: fresh })).status).toBe(200);

    await pass(TOKEN_LIFETIME_SECONDS * 1_000 - WAIT_MS - 6_000);
    expect((await two.call('/v1/accounts/me', { key: old })).status).toBe(200);
    expect(await later(old)).toBeDefined();
  });

  test('a repeat while a new key waits adds none', async () => {
    const [one, two] = processes;
    const [first, again] = [await rotate(one), await rotate(two)];
    expect(again.body['id']).toBe(first.body['id']);
    const many = await Promise.all(processes.map((api) => rotate(api)));
    expect(many.map(({ body }) => body['id'])).toEqual([first.body['id'], first.body['id']]);
    expect(await published(one)).toHaveLength(2);
  });

  test('a replaced key is removed once its last token has ended, and not before', async () => {
    const [one] = processes;
    await rotate(one);
    const ageNewest = (seconds: number) =>
      one.admin.query({
        text: `update transaction.signing_keys set created_at = now() - make_interval(secs => $1)
               where created_at = (select max(created_at) from transaction.signing_keys)`,
        values: [seconds],
      });
    await one.admin.query({
      text: `update transaction.signing_keys set created_at = created_at - interval '1 day'`,
    });
    await ageNewest(WAIT_MS / 1_000 + TOKEN_LIFETIME_SECONDS);
    await pass(0);
    expect(await published(one)).toHaveLength(2);
    await ageNewest(WAIT_MS / 1_000 + TOKEN_LIFETIME_SECONDS + 61);
    await pass(0);
    expect(await published(one)).toHaveLength(1);
  });

  test('only operators rotate', async () => {
    for (const key of ['demo_asha', 'demo_service'])
      expect((await rotate(processes[0], key)).status).toBe(403);
  });
});

describe('encryption', () => {
  let fresh: FreshDatabase;
  let database: Database;
  let admin: Database;
  beforeEach(async () => {
    fresh = await freshDatabase();
    database = openDatabase({ url: fresh.urlFor('transaction'), name: 'transaction' });
    admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 1 });
  });
  afterEach(async () => {
    await Promise.all([database.stop(), admin.stop()]);
    await fresh.drop();
  });

  const encryption = new KeyEncryption(randomBytes(32));
  const logger = createLogger({ service: 'transaction', level: 'silent' });
  const open = (options: Partial<SigningKeysOptions> = {}) =>
    SigningKeys.open({ database, logger, ...options });
  const kept = async () =>
    (
      await admin.query<{ all: string }>({
        text: 'select private::text as all from transaction.signing_keys',
      })
    ).map(({ all }) => all);

  test('with a key from the environment no private key is in the database', async () => {
    const keys = await open({ encryption });
    await keys.rotate();
    const rows = await kept();
    expect(rows).toHaveLength(2);
    for (const row of rows) expect(row).toMatch(new RegExp(`^"v1\\.${encryption.keyId}\\.`));
    const { token } = await keys.issue(asha);
    expect(await verifyToken(token, (await open({ encryption })).jwks)).toBeDefined();
  });

  test('plain keys are encrypted at the start, and their tokens stay valid', async () => {
    const { token } = await (await open()).issue(asha);
    expect((await kept())[0]).toContain('"d"');
    const keys = await open({ encryption });
    expect((await kept())[0]).not.toContain('"d"');
    expect(await verifyToken(token, keys.jwks)).toBeDefined();
  });

  test('a plain key that is put beside encrypted ones signs nothing and verifies nothing', async () => {
    const keys = await open({ encryption });
    const before = keys.jwks;
    const plain = await (async () => {
      const other = await freshDatabase();
      const elsewhere = openDatabase({ url: other.urlFor('transaction'), name: 'transaction' });
      await SigningKeys.open({ database: elsewhere, logger });
      const [row] = await elsewhere.query<{ private: object }>({ text: 'select private from signing_keys' });
      await elsewhere.stop();
      await other.drop();
      return row?.private;
    })();
    await database.query({
      text: `insert into signing_keys (id, private) values ('mine', $1)`,
      values: [JSON.stringify(plain)],
    });
    await keys.reread();
    expect(keys.jwks).toEqual(before);
    expect((await open({ encryption })).jwks).toEqual(before);
  });

  test('a wrong key, or none, stops the start', async () => {
    await open({ encryption });
    await expect(open({ encryption: new KeyEncryption(randomBytes(32)) })).rejects.toThrow(ConfigError);
    await expect(open()).rejects.toThrow(/KEY_ENCRYPTION_KEY is not set/);
  });

  test('without a key the log says that private keys are plain', async () => {
    const warn = jest.spyOn(logger, 'warn');
    await open();
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      expect.stringContaining('KEY_ENCRYPTION_KEY is not set'),
    ]);
    warn.mockClear();
    await open({ encryption });
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});
