import { BatchResults, CreateTransfer, IdempotencyKey, PageQuery, TransferBatch } from './transfers-api.ts';

const lunch = { to: '7010233311', amount: 10_000, currency: 'INR', note: 'lunch' };

test('a transfer is taken as the README sends it, with the phone number in E.164', () => {
  expect(CreateTransfer.parse(lunch)).toEqual({ ...lunch, to: '+917010233311' });
  expect(CreateTransfer.parse({ ...lunch, note: undefined })).toMatchObject({ note: '' });
});

test.each([
  ['to', { ...lunch, to: 'Ravi' }],
  ['amount', { ...lunch, amount: '10000' }],
  ['amount', { ...lunch, amount: undefined }],
  ['currency', { ...lunch, currency: 'USD' }],
  ['note', { ...lunch, note: 'a\r\nBcc: b' }],
  ['note', { ...lunch, note: 'x'.repeat(141) }],
])('a wrong %s is refused by name', (field, body) => {
  expect(CreateTransfer.safeParse(body).error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
});

test('a field that we do not know is refused: a mistyped one must not pass for its default', () => {
  expect(CreateTransfer.safeParse({ ...lunch, memo: 'x' }).success).toBe(false);
});

test.each(['a', 'lunch-1', '~!@#$%^&*()_+', 'x'.repeat(255)])('%s can be an idempotency key', (key) => {
  expect(IdempotencyKey.parse(key)).toBe(key);
});
test.each(['', ' ', 'a b', 'x'.repeat(256), 'schlüssel', 'a\n', '\u0000'])('%j cannot', (key) => {
  expect(IdempotencyKey.safeParse(key).success).toBe(false);
});

describe('a batch', () => {
  const id = '018f0000-0000-7000-8000-00000000000c';
  const items = (count: number) => Array.from({ length: count }, (_, n) => ({ ...lunch, key: `k:${n}` }));
  const batch = (count: number) => ({ from: id, payoutId: id, items: items(count) });

  test('is taken with up to 500 items, each like a transfer with a key', () => {
    expect(TransferBatch.parse(batch(500)).items[0]).toEqual({ ...lunch, to: '+917010233311', key: 'k:0' });
    const [item] = items(1);
    const wrong = [batch(501), batch(0), { ...batch(1), items: [lunch] }, { ...batch(1), from: 'me' }];
    for (const body of [...wrong, { ...batch(1), items: [{ ...item, memo: '' }] }]) {
      expect(TransferBatch.safeParse(body).success).toBe(false);
    }
  });

  test.each([
    [{ outcome: 'completed', transferId: id }, true],
    [{ outcome: 'refused', code: 'insufficient_funds', detail: 'Too low.' }, true],
    [{ outcome: 'completed' }, false],
    [{ outcome: 'refused', code: 'no_such_code', detail: '' }, false],
  ])('has a result %j: %s', (result, is) => {
    expect(BatchResults.safeParse({ results: [result] }).success).toBe(is);
  });
});

test.each([
  [{}, { limit: 20 }],
  [
    { limit: '100', after: 'c' },
    { limit: 100, after: 'c' },
  ],
])('the page query %j is %j', (query, expected) => {
  expect(PageQuery.parse(query)).toEqual(expected);
});
test.each([{ limit: '0' }, { limit: '101' }, { limit: '1.5' }, { limit: 'all' }, { page: '2' }])(
  '%j is none',
  (query) => {
    expect(PageQuery.safeParse(query).success).toBe(false);
  },
);
