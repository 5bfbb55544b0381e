import { BatchResults, parsePaymentEvent, type BatchItem, type BatchResult } from '@payfan/contracts';
import { newId } from '@payfan/service';
import { waitFor } from '@payfan/stack/testing';
import { APPLICATION, nextKey, openApi, type TestApi } from '../testing/api.ts';

const ASHA = '00000000-0000-7000-8000-0000000a54a0';
const RAVI = '7010233311';
const MEERA = '7010233312';
/** Small, so that a batch takes several commits. */
const GROUP_MAX = 10;

let api: TestApi;
beforeAll(async () => {
  api = await openWith({ groupMax: GROUP_MAX, queueMax: 5_000 });
});
afterAll(() => api.close());
/** Nothing has been paid yet. */
beforeEach(async () => {
  await api.admin.query({
    text: `truncate transaction.transfers, transaction.entries, transaction.idempotency_keys, transaction.outbox`,
  });
  await api.admin.query({
    text: `update transaction.accounts set balance = case tier when 'premium' then 10000000 else 100000 end
           where kind = 'person'`,
  });
});

const openWith = (limits: { groupMax: number; queueMax: number }): Promise<TestApi> =>
  openApi({
    ...limits,
    known: [
      { key: 'payout-key', owner: { kind: 'service', name: 'payout', grants: ['batch'] } },
      { key: 'gateway-key', owner: { kind: 'service', name: 'gateway', grants: [] } },
    ],
  });

const itemOf = (fields: Partial<BatchItem> = {}): BatchItem => {
  return { key: nextKey(), to: RAVI, amount: 100, currency: 'INR', note: '', ...fields };
};
const itemsOf = (count: number, fields: Partial<BatchItem> = {}) =>
  Array.from({ length: count }, () => itemOf(fields));

const ask = (body: object, { key = 'payout-key', ...init }: { key?: string } & RequestInit = {}) =>
  api.call('/v1/transfers/batch', {
    method: 'POST',
    key,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: ASHA, payoutId: newId(), ...body }),
    ...init,
  });
async function resultsOf(items: readonly unknown[], from = ASHA): Promise<BatchResult[]> {
  const answer = await ask({ items, from });
  expect(answer).toMatchObject({ status: 200 });
  return BatchResults.parse(answer.body).results;
}
const codeOf = (result: BatchResult | undefined) =>
  result?.outcome === 'refused' ? result.code : result?.outcome;
const balanceOf = async (key: string) =>
  (await api.call('/v1/accounts/me', { key })).body['balance'] as number;
const OPENING = 1_00_000_00;

test('moves the money in the order asked, and tells on the bulk lane, each of its payout', async () => {
  const payoutId = newId();
  const items = [itemOf({ amount: 300, note: 'rent' }), itemOf({ to: MEERA, amount: 200 })];
  const { body } = await ask({ items, payoutId }, { key: 'payout-key' });
  const ids = BatchResults.parse(body).results.map((result) =>
    result.outcome === 'completed' ? result.transferId : result.code,
  );
  expect(await balanceOf('demo_asha')).toBe(OPENING - 500);
  expect(await balanceOf('demo_ravi')).toBe(1_000_00 + 300);
  expect(await balanceOf('demo_meera')).toBe(1_000_00 + 200);

  const events = await api.admin.query<{ key: string; body: string }>({
    text: 'select routing_key as key, body from transaction.outbox order by id',
  });
  expect(events.map(({ key }) => key)).toEqual(['transfer.completed.bulk', 'transfer.completed.bulk']);
  expect(events.map(({ body: event }) => parsePaymentEvent(Buffer.from(event)))).toMatchObject([
    { ok: true, event: { lane: 'bulk', subject: ids[0], data: { payoutId, note: 'rent', amount: 300 } } },
    { ok: true, event: { lane: 'bulk', subject: ids[1], data: { payoutId, payee: { name: 'Meera Iyer' } } } },
  ]);
});

test('each item is refused by itself, in its place, with its reason; its neighbours are made', async () => {
  const used = itemOf();
  await resultsOf([used]);
  const twice = itemOf();
  const cases: [what: string, item: unknown, code: string][] = [
    ['good', itemOf(), 'completed'],
    ['nothing', null, 'invalid_request'],
    ['no amount', { ...itemOf(), amount: undefined }, 'invalid_request'],
    ['a fraction', itemOf({ amount: 0.5 }), 'invalid_request'],
    ['another currency', { ...itemOf(), currency: 'USD' }, 'invalid_request'],
    ['no phone number', itemOf({ to: 'ravi' }), 'invalid_request'],
    ['a second line', itemOf({ note: 'a\nb' }), 'invalid_request'],
    ['no key', { ...itemOf(), key: undefined }, 'invalid_request'],
    ['a field that we do not know', { ...itemOf(), ['x'.repeat(1_000)]: 1 }, 'invalid_request'],
    ['a stranger', itemOf({ to: '9876543210' }), 'recipient_not_found'],
    ['the payer', itemOf({ to: '7010233310' }), 'same_account'],
    ['too much', itemOf({ amount: OPENING + 1 }), 'insufficient_funds'],
    ['what was asked before', used, 'completed'],
    ['a key of another transfer', { ...used, amount: 101 }, 'idempotency_key_reused'],
    ['good, and twice', twice, 'completed'],
    ['the same again', { ...twice, to: '+91 70102-33311' }, 'completed'],
    ['good', itemOf({ to: MEERA }), 'completed'],
    ['a note of 141 characters', itemOf({ note: 'x'.repeat(141) }), 'invalid_request'],
  ];
  const results = await resultsOf(cases.map(([, item]) => item));
  expect(results.map((result, index) => [cases[index]?.[0], codeOf(result)])).toEqual(
    cases.map(([what, , code]) => [what, code]),
  );
  for (const result of results) {
    if (result.outcome === 'refused') expect(result.detail).toMatch(/^.{5,200}$/);
  }
  expect(results[3]).toMatchObject({ detail: expect.stringMatching(/^amount: /) });
  expect(results[15]).toEqual(results[14]);
  expect(await balanceOf('demo_asha')).toBe(OPENING - 4 * 100);
});

test('an account that there is not pays nothing, nor does the treasury', async () => {
  for (const from of [newId(), '00000000-0000-7000-8000-000000000001']) {
    expect((await resultsOf(itemsOf(2), from)).map(codeOf)).toEqual(['payer_not_found', 'payer_not_found']);
  }
});

test('a balance that runs out midway pays what comes before, and what still fits after', async () => {
  const items = [...itemsOf(25, { amount: 4_000_00 }), itemOf({ amount: 1 })];
  // The 25th takes the last paisa.
  const [first, ...others] = items;
  const results = await resultsOf([{ ...first!, amount: 4_000_01 }, ...others]);
  expect(results.map(codeOf)).toEqual([
    ...Array.from({ length: 24 }, () => 'completed'),
    'insufficient_funds',
    'completed',
  ]);
  expect(await balanceOf('demo_asha')).toBe(OPENING - 4_000_01 - 23 * 4_000_00 - 1);
});

test('sent again it moves nothing, and has the same results; a refusal for want of money stays one', async () => {
  const items = [...itemsOf(25), itemOf({ amount: OPENING }), itemOf({ to: '9876543210' })];
  const first = await resultsOf(items);
  const balance = await balanceOf('demo_asha');
  await api.send({ to: '7010233310', amount: 500_00, currency: 'INR' }, { key: 'demo_ravi' });
  expect(await resultsOf(items)).toEqual(first);
  // However the account's id is written, its keys are the same.
  expect(await resultsOf(items, ASHA.toUpperCase())).toEqual(first);
  expect(await balanceOf('demo_asha')).toBe(balance + 500_00);
});

test('two at once under the same keys make one of each, and both hear of it', async () => {
  const items = itemsOf(40);
  const [one, another, upper] = await Promise.all([
    resultsOf(items),
    resultsOf(items),
    resultsOf(items, ASHA.toUpperCase()),
  ]);
  expect(one.map(codeOf)).toEqual(items.map(() => 'completed'));
  expect([another, upper]).toEqual([one, one]);
  expect(await balanceOf('demo_asha')).toBe(OPENING - 40 * 100);
});

/** Waits until a commit of the service is held up by a lock, and answers how many are. */
const heldUp = async (effect = 'pid') =>
  (
    await api.admin.query({
      text: `select ${effect} from pg_stat_activity
             where application_name = '${APPLICATION}' and wait_event_type = 'Lock'`,
    })
  ).length;

test('killed in the middle and sent again, it keeps what was made and makes the rest, once', async () => {
  // Three commits, of which the second waits for Meera's account.
  const items = [...itemsOf(GROUP_MAX), ...itemsOf(GROUP_MAX, { to: MEERA }), ...itemsOf(GROUP_MAX)];
  await api.admin.transaction(async (tx) => {
    await tx.query({ text: `select from transaction.accounts where phone = '+917010233312' for update` });
    const answer = ask({ items });
    await waitFor(async () => (await heldUp('pg_terminate_backend(pid, 5000)')) > 0, {
      what: 'the second commit waiting',
    });
    const killed = await answer;
    expect([killed.status, killed.body['code']]).toEqual([503, 'temporarily_unavailable']);
    expect(killed.headers.get('retry-after')).toBe('2');
  });
  const made = await api.admin.query<{ id: string }>({
    text: `select id from transaction.transfers where lane = 'bulk'`,
  });
  expect(made).toHaveLength(GROUP_MAX);

  const again = await resultsOf(items);
  expect(again.map(codeOf)).toEqual(items.map(() => 'completed'));
  const ids = again.map((result) => (result.outcome === 'completed' ? result.transferId : ''));
  expect(ids.slice(0, GROUP_MAX).sort()).toEqual(made.map(({ id }) => id).sort());
  expect(new Set(ids).size).toBe(items.length);
  expect(await balanceOf('demo_asha')).toBe(OPENING - items.length * 100);
});

test('whoever asks and does not wait for the answer gets it when he asks again', async () => {
  const items = itemsOf(3 * GROUP_MAX);
  const leaving = new AbortController();
  await api.admin.transaction(async (tx) => {
    await tx.query({ text: 'select from transaction.accounts order by id for update' });
    const left = ask({ items }, { signal: leaving.signal });
    await waitFor(async () => (await heldUp()) > 0, { what: 'the first commit waiting' });
    leaving.abort();
    await expect(left).rejects.toThrow(/abort/);
  });
  expect((await resultsOf(items)).map(codeOf)).toEqual(items.map(() => 'completed'));
  expect(await balanceOf('demo_asha')).toBe(OPENING - items.length * 100);
});

describe('where few may wait', () => {
  let roomy: TestApi;
  beforeAll(async () => {
    roomy = api;
    api = await openWith({ groupMax: 1, queueMax: 2 });
  });
  afterAll(async () => {
    await api.close();
    api = roomy;
  });

  test('what does not fit in the queue is refused at once, and takes no room from what people ask for', async () => {
    const batches = Array.from({ length: 4 }, () => ({ items: itemsOf(5) }));
    const { asked, refused, persons } = await api.admin.transaction(async (tx) => {
      await tx.query({ text: 'select from transaction.accounts order by id for update' });
      // An item of each at a time: one is being committed, two wait, and one is too many.
      const asked = batches.map((batch) => ask(batch));
      const refused = await Promise.race(asked);
      const lunch = { to: RAVI, amount: 7, currency: 'INR' };
      return { asked, refused, persons: [api.send(lunch), api.send(lunch)] };
    });
    expect([refused.status, refused.body['code']]).toEqual([503, 'overloaded']);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect((await Promise.all(persons)).map(({ status }) => status)).toEqual([201, 201]);
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect([...statuses].sort()).toEqual([200, 200, 200, 503]);

    // More items than may ever wait are made all the same, a slice after the other.
    const again = await resultsOf(batches[statuses.indexOf(503)]!.items);
    expect(again.map(codeOf)).toEqual(again.map(() => 'completed'));
    expect(await balanceOf('demo_asha')).toBe(OPENING - 20 * 100 - 2 * 7);
  });
});

test('only a service with the grant batch may ask', async () => {
  const items = itemsOf(1);
  for (const key of ['demo_asha', 'demo_operator', 'demo_service', 'gateway-key']) {
    expect(await ask({ items }, { key })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  }
  expect(await ask({ items }, { key: 'nobody' })).toMatchObject({ status: 401 });
  const { body } = await api.call('/v1/tokens', { method: 'POST', key: 'payout-key' });
  expect(await ask({ items }, { key: body['token'] as string })).toMatchObject({ status: 200 });
});

test('a payout whose keys may be forgotten is refused, and moves nothing', async () => {
  const madeDaysAgo = (days: number) => {
    const time = (Date.now() - days * 24 * 3_600_000).toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}${newId().slice(13)}`;
  };
  const items = itemsOf(1);
  expect(await ask({ items, payoutId: madeDaysAgo(29.1) })).toMatchObject({
    status: 409,
    body: { code: 'payout_too_old' },
  });
  expect(await balanceOf('demo_asha')).toBe(OPENING);
  expect(await ask({ items, payoutId: madeDaysAgo(28.9) })).toMatchObject({ status: 200 });
});

test.each<[what: string, body: object, path: string]>([
  ['no items', { items: [] }, 'items'],
  ['501 items', { items: Array.from({ length: 501 }, () => null) }, 'items'],
  ['no list', { items: {} }, 'items'],
  ['no payer', { items: [null], from: 'me' }, 'from'],
  ['no payout', { items: [null], payoutId: 7 }, 'payoutId'],
  ['a field that we do not know', { items: [null], lane: 'interactive' }, 'lane'],
])('%s is no batch', async (_, body, path) => {
  const answer = await ask(body);
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errors: [{ path }] } });
});

test('500 of the longest items are taken', async () => {
  const items = Array.from({ length: 500 }, (_, n) =>
    itemOf({ key: `${n}`.padStart(255, 'k'), note: '😀'.repeat(70), amount: 1 }),
  );
  // As clients write it that keep to ASCII.
  const text = JSON.stringify({ from: ASHA, payoutId: newId(), items }).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16)}`,
  );
  const answer = await ask({}, { body: text });
  expect(BatchResults.parse(answer.body).results.map(codeOf)).toEqual(items.map(() => 'completed'));
});

test('the documentation tells what an item is', async () => {
  const { body } = await api.call('/openapi.json', { key: '' });
  const schemas = (body['components'] as { schemas: Record<string, { properties: object }> }).schemas;
  expect(JSON.stringify(schemas['TransferBatch'])).toContain('#/components/schemas/BatchItem');
  expect(Object.keys(schemas['BatchItem']!.properties)).toEqual(['to', 'amount', 'currency', 'note', 'key']);
});
