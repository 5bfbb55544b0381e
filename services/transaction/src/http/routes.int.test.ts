import { verifyToken } from '@payfan/service';
import { openApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const call: TestApi['call'] = (...args) => api.call(...args);
const send: TestApi['send'] = (...args) => api.send(...args);
const lunch = { to: '7010233311', amount: 10_000, currency: 'INR', note: 'lunch' };
const balanceOf = async (key: string) => (await call('/v1/accounts/me', { key })).body['balance'] as number;

describe('reading', () => {
  test("a transfer is seen by both parties and the operator; for others it isn't there", async () => {
    const { body } = await send(lunch);
    const path = `/v1/transfers/${body['id'] as string}`;
    expect((await call(path)).body).toEqual(body);
    // The payee sees the payer's number masked.
    expect((await call(path, { key: 'demo_ravi' })).body).toEqual({ ...body, from: '+91******3310' });
    expect((await call(path, { key: 'demo_operator' })).body).toEqual(body);
    expect(await call(path, { key: 'demo_meera' })).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  test('lists are paged newest first without a gap or a repeat', async () => {
    for (let index = 0; index < 5; index += 1)
      await send({ ...lunch, amount: 1, to: '7010233310' }, { key: 'demo_meera' });
    const everything = await call('/v1/transfers?limit=100', { key: 'demo_meera' });
    const all = (everything.body['data'] as { id: string }[]).map(({ id }) => id);
    const paged: string[] = [];
    let cursor: unknown = undefined;
    do {
      const page = await call(
        `/v1/transfers?limit=17${cursor === undefined ? '' : `&after=${cursor as string}`}`,
        { key: 'demo_meera' },
      );
      paged.push(...(page.body['data'] as { id: string }[]).map(({ id }) => id));
      cursor = page.body['nextCursor'];
    } while (cursor !== null);
    expect(paged.slice(0, 100)).toEqual(all.slice(0, paged.length));
    expect(new Set(paged).size).toBe(paged.length);
    expect(paged.length).toBeGreaterThanOrEqual(5);
  });

  test('entries carry the balance after each, and begin with the opening balance', async () => {
    const { body } = await call('/v1/accounts/me/entries?limit=100', { key: 'demo_ravi' });
    const entries = body['data'] as {
      amount: number;
      balance: number;
      direction: string;
      counterparty: { name: string };
    }[];
    expect(entries[0]!.balance).toBe(await balanceOf('demo_ravi'));
    for (const [index, entry] of entries.entries()) {
      expect(entry.direction).toBe(entry.amount < 0 ? 'debit' : 'credit');
      const older = entries[index + 1];
      if (older) expect(entry.balance - entry.amount).toBe(older.balance);
    }
  });

  test('the account shows what the contract says', async () => {
    expect((await call('/v1/accounts/me')).body).toEqual({
      id: expect.any(String),
      name: 'Asha Rao',
      phone: '+917010233310',
      email: 'asha@example.com',
      tier: 'premium',
      balance: expect.any(Number),
      currency: 'INR',
    });
  });
});

describe('credentials', () => {
  test('a key is exchanged for a token that the published keys verify, and that works in its place', async () => {
    const { status, body } = await call('/v1/tokens', { method: 'POST' });
    expect(status).toBe(201);
    const jwks = (await call('/.well-known/jwks.json', { key: '' })).body as unknown as {
      keys: { d?: string }[];
    };
    expect(jwks.keys[0]).not.toHaveProperty('d');
    const verified = await verifyToken(body['token'] as string, jwks);
    expect(verified?.principal).toMatchObject({ kind: 'account', tier: 'premium' });
    expect((await call('/v1/accounts/me', { key: body['token'] as string })).body['name']).toBe('Asha Rao');
  });

  test('no key is in the database', async () => {
    expect(await api.admin.query({ text: 'select from transaction.api_keys' })).toEqual([]);
  });
});

describe("the service's role", () => {
  test.each([
    'update transaction.entries set amount = 1',
    'update transaction.accounts set balance = 1',
    'insert into transaction.entries select from transaction.entries',
    'insert into transaction.transfers select from transaction.transfers',
    'insert into transaction.idempotency_keys select from transaction.idempotency_keys',
    'delete from transaction.entries',
    'delete from transaction.transfers',
    'truncate transaction.entries',
  ])('may not %s', async (text) => {
    await expect(api.database.query({ text })).rejects.toThrow(/permission denied/);
  });

  test('nobody may overdraw an account, whatever the code does', async () => {
    await expect(
      api.admin.query({ text: `update transaction.accounts set balance = -1 where phone = '+917010233312'` }),
    ).rejects.toThrow(/balance_not_negative/);
  });
});

describe('documentation', () => {
  test('/openapi.json tells of every route, its schemas and its problems', async () => {
    const { body } = await call('/openapi.json', { key: '' });
    const document = body as unknown as {
      openapi: string;
      paths: Record<string, Record<string, { responses: object }>>;
    };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths).sort()).toEqual([
      '/.well-known/jwks.json',
      '/v1/accounts/me',
      '/v1/accounts/me/entries',
      '/v1/sessions',
      '/v1/sessions/current',
      '/v1/signing-keys/rotate',
      '/v1/tokens',
      '/v1/transfers',
      '/v1/transfers/batch',
      '/v1/transfers/{id}',
    ]);
    expect(Object.keys(document.paths['/v1/transfers']!['post']!.responses)).toEqual(
      expect.arrayContaining(['201', '400', '401', '402', '404', '422', '503']),
    );
  });
});
