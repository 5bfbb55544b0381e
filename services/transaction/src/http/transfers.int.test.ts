import { parsePaymentEvent } from '@payfan/contracts';
import { newId } from '@payfan/service';
import { nextKey, openApi, type Answer, type TestApi } from '../testing/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const call: TestApi['call'] = (...args) => api.call(...args);
const send: TestApi['send'] = (...args) => api.send(...args);
const lunch = { to: '7010233311', amount: 10_000, currency: 'INR', note: 'lunch' };
const balanceOf = async (key: string) => (await call('/v1/accounts/me', { key })).body['balance'] as number;
const count = async (table: string) => {
  const [row] = await api.admin.query<{ n: number }>({
    text: `select count(*) as n from transaction.${table}`,
  });
  return row!.n;
};

describe('POST /v1/transfers', () => {
  test('moves the money, writes two entries that sum to zero, and an event with all that a channel needs', async () => {
    const before = { asha: await balanceOf('demo_asha'), ravi: await balanceOf('demo_ravi') };
    const answer = await send(lunch, { headers: { 'x-correlation-id': 'corr-1' } });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'completed',
      from: '+917010233310',
      to: '+917010233311',
      amount: 10_000,
      currency: 'INR',
      note: 'lunch',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const id = answer.body['id'] as string;
    expect(answer.headers.get('location')).toBe(`/v1/transfers/${id}`);
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
    expect(await balanceOf('demo_asha')).toBe(before.asha - 10_000);
    expect(await balanceOf('demo_ravi')).toBe(before.ravi + 10_000);

    const entries = await api.admin.query<{ amount: number }>({
      text: 'select amount from transaction.entries where transfer_id = $1 order by id',
      values: [id],
    });
    expect(entries.map(({ amount }) => amount)).toEqual([-10_000, 10_000]);

    const [event] = await api.admin.query<{ id: string; exchange: string; key: string; body: string }>({
      text: `select event_id as id, exchange, routing_key as key, body from transaction.outbox
             where body::json ->> 'subject' = $1`,
      values: [id],
    });
    expect(event).toMatchObject({ exchange: 'payments', key: 'transfer.completed.interactive' });
    expect(parsePaymentEvent(Buffer.from(event!.body))).toMatchObject({
      ok: true,
      event: {
        id: event!.id,
        correlationid: 'corr-1',
        data: {
          transferId: id,
          payer: { name: 'Asha Rao', phone: '+917010233310', email: 'asha@example.com' },
          payee: { name: 'Ravi Kumar', phone: '+917010233311', email: 'ravi@example.com' },
        },
      },
    });
  });

  test('a repeat gets the first answer and moves nothing, also in another spelling of the phone number', async () => {
    const idempotencyKey = nextKey();
    const first = await send(lunch, { idempotencyKey });
    const balance = await balanceOf('demo_asha');
    const events = await count('outbox');
    const second = await send({ ...lunch, to: '+91 70102-33311' }, { idempotencyKey });
    expect(second.status).toBe(201);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(await balanceOf('demo_asha')).toBe(balance);
    expect(await count('outbox')).toBe(events);
  });

  test('500 equal requests at once make one transfer and get one answer', async () => {
    const idempotencyKey = nextKey();
    const before = { balance: await balanceOf('demo_asha'), transfers: await count('transfers') };
    const answers = await Promise.all(Array.from({ length: 500 }, () => send(lunch, { idempotencyKey })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect(await balanceOf('demo_asha')).toBe(before.balance - 10_000);
    expect(await count('transfers')).toBe(before.transfers + 1);
  });

  test('the same key with another request is refused, and another account may use the same key', async () => {
    const idempotencyKey = nextKey();
    await send(lunch, { idempotencyKey });
    const other = await send({ ...lunch, amount: 10_001 }, { idempotencyKey });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    const neighbour = await send(
      { ...lunch, to: '7010233310', amount: 1 },
      { idempotencyKey, key: 'demo_ravi' },
    );
    expect(neighbour.status).toBe(201);
  });

  test('insufficient funds are refused, and the refusal is the answer to a repeat as well', async () => {
    const idempotencyKey = nextKey();
    const body = { to: '7010233310', amount: 99_99_999_00, currency: 'INR' };
    const refused = await send(body, { key: 'demo_meera', idempotencyKey });
    expect(refused).toMatchObject({ status: 402, body: { code: 'insufficient_funds', status: 402 } });
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    const repeat = await send(body, { key: 'demo_meera', idempotencyKey });
    expect(repeat).toMatchObject({ status: 402, body: { code: 'insufficient_funds' } });
    expect(repeat.headers.get('idempotent-replayed')).toBe('true');
  });

  test('what a payer cannot afford is answered alike whether or not the payee has a wallet', async () => {
    const seen = async (to: string) => {
      const idempotencyKey = nextKey();
      const body = { to, amount: 99_99_999_00, currency: 'INR' };
      const answers = [
        await send(body, { key: 'demo_meera', idempotencyKey }),
        await send(body, { key: 'demo_meera', idempotencyKey }),
        await send({ ...body, amount: 1 }, { key: 'demo_meera', idempotencyKey }),
      ];
      return answers.map(({ status, headers, body: { instance: _, ...rest } }) => {
        const own = ['date', 'x-request-id', 'content-length'];
        return { status, rest, headers: [...headers].filter(([name]) => !own.includes(name)) };
      });
    };
    const answers = await seen('7010233310');
    expect(answers.map(({ status }) => status)).toEqual([402, 402, 422]);
    expect(await seen('9876543210')).toEqual(answers);
  });

  test('opposite transfers at once neither deadlock nor lose a paisa', async () => {
    const total = async () =>
      (await Promise.all(['demo_asha', 'demo_ravi', 'demo_meera'].map(balanceOf))).reduce((a, b) => a + b);
    const before = await total();
    const people = [
      { key: 'demo_asha', phone: '7010233310' },
      { key: 'demo_ravi', phone: '7010233311' },
      { key: 'demo_meera', phone: '7010233312' },
    ];
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => {
        const payer = people[index % 3]!;
        const payee = people[(index + 1 + (index % 2)) % 3]!;
        return send({ ...lunch, to: payee.phone, amount: 1 + index }, { key: payer.key });
      }),
    );
    expect(answers.filter(({ status }) => status !== 201 && status !== 402)).toEqual([]);
    expect(await total()).toBe(before);
  });

  test('the sum of all balances is zero and every balance is the sum of its entries', async () => {
    const rows = await api.admin.query<{ balance: number; ledger: number; latest: number }>({
      text: `select a.balance, (select sum(amount) from transaction.entries e where e.account_id = a.id)::bigint as ledger,
                    (select e.balance from transaction.entries e where e.account_id = a.id order by id desc limit 1) as latest
             from transaction.accounts a`,
    });
    expect(rows).toHaveLength(4);
    expect(rows.reduce((sum, { balance }) => sum + balance, 0)).toBe(0);
    for (const { balance, ledger, latest } of rows) {
      expect(ledger).toBe(balance);
      expect(latest).toBe(balance);
    }
  });
});

describe('bad input', () => {
  const cases: [string, unknown, string][] = [
    ['zero', { ...lunch, amount: 0 }, 'amount'],
    ['negative', { ...lunch, amount: -1 }, 'amount'],
    ['fractional', { ...lunch, amount: 0.5 }, 'amount'],
    ['a string', { ...lunch, amount: '10000' }, 'amount'],
    ['beyond 2^53 - 1', '{"to":"7010233311","amount":9007199254740993,"currency":"INR"}', 'amount'],
    ['infinite', '{"to":"7010233311","amount":1e999,"currency":"INR"}', 'amount'],
    ['missing amount', { to: '7010233311', currency: 'INR' }, 'amount'],
    ['another currency', { ...lunch, currency: 'USD' }, 'currency'],
    ['no phone number', { ...lunch, to: 'ravi' }, 'to'],
    ['CRLF in the note', { ...lunch, note: 'x\r\nBcc: evil@example.com' }, 'note'],
    ['NUL in the note', { ...lunch, note: 'a\u0000b' }, 'note'],
    ['half a surrogate pair', '{"to":"7010233311","amount":1,"currency":"INR","note":"\\ud800"}', 'note'],
    ['a long note', { ...lunch, note: 'x'.repeat(141) }, 'note'],
    ['an unknown field', { ...lunch, lane: 'bulk' }, 'lane'],
    ['an array', [lunch], ''],
  ];
  test.each(cases)('%s is refused by name', async (_name, body, path) => {
    const transfers = await count('transfers');
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(answer.body.errors?.map((error) => error.path).join()).toContain(path);
    expect(await count('transfers')).toBe(transfers);
  });

  test('every way of being refused has its status and code', async () => {
    const table: [Answer, number, string][] = [
      [await send('{"to":'), 400, 'invalid_request'],
      [await send('null'), 400, 'invalid_request'],
      [await send(lunch, { idempotencyKey: null }), 400, 'idempotency_key_missing'],
      [await send(lunch, { idempotencyKey: 'x'.repeat(256) }), 400, 'idempotency_key_missing'],
      [await send(lunch, { key: 'nobody' }), 401, 'unauthenticated'],
      [await send(lunch, { key: '' }), 401, 'unauthenticated'],
      [await send(lunch, { key: 'demo_operator' }), 403, 'forbidden'],
      [await send({ ...lunch, to: '9876543210' }), 404, 'recipient_not_found'],
      [await send({ ...lunch, to: '7010233310' }), 422, 'same_account'],
      [await send(JSON.stringify({ ...lunch, note: 'x'.repeat(1_000_000) })), 413, 'payload_too_large'],
      [await send('a=b', { headers: { 'content-type': 'text/plain' } }), 415, 'unsupported_media_type'],
      [await call('/v1/nothing'), 404, 'not_found'],
      [await call('/v1/transfers', { method: 'DELETE' }), 405, 'method_not_allowed'],
      [await call('/v1/transfers/not-an-id'), 404, 'not_found'],
      [await call(`/v1/transfers/${newId()}`), 404, 'not_found'],
      [await call('/v1/transfers?limit=0'), 400, 'invalid_request'],
      [await call('/v1/transfers?after=yesterday'), 400, 'invalid_request'],
      [await call('/v1/transfers?colour=red'), 400, 'invalid_request'],
      [await call('/v1/accounts/me', { key: 'demo_operator' }), 403, 'forbidden'],
    ];
    expect(table.map(([{ status, body }]) => [status, body['code']])).toEqual(
      table.map(([, status, code]) => [status, code]),
    );
    for (const [answer] of table) {
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(JSON.stringify(answer.body)).not.toMatch(/\bat .*\.[jt]s|node_modules/);
    }
  });

  test('a request that was never decided leaves its key free', async () => {
    const idempotencyKey = nextKey();
    expect((await send({ ...lunch, to: '9876543210' }, { idempotencyKey })).status).toBe(404);
    expect((await send(lunch, { idempotencyKey })).status).toBe(201);
  });
});
