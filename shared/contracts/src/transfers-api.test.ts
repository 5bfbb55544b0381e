import { CreateTransfer, IdempotencyKey, PageQuery } from './transfers-api.ts';

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
