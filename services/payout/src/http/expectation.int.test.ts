import { HEADER, MEERA, nextKey, openPayoutApi, RAVI, type TestApi } from '../testing/payout-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openPayoutApi({ linesToOnePayee: 2 });
});
afterAll(() => api.close());

const CSV = `${HEADER}${RAVI},100,INR,lunch\n${MEERA},250,INR,\n`;
const ITEMS = [
  { to: RAVI, amount: 100, currency: 'INR', note: 'lunch' },
  { to: MEERA, amount: 250, currency: 'INR' },
];
const expecting = (text: string) => ({ headers: { 'payfan-expect': text } });
const stored = async () => [
  await api.count('payouts'),
  await api.count('payout_items'),
  await api.count('outbox'),
];

test.each([
  ['CSV', CSV],
  ['JSON', ITEMS],
])('a payout in %s is taken where it is what its sender was shown', async (_type, body) => {
  expect(await api.send(body, expecting('total=2, amount=350'))).toMatchObject({
    status: 202,
    body: { total: 2 },
  });
});

test.each([
  ['another sum', CSV, 'total=2, amount=340', { total: 2, amount: 350 }],
  ['another number of lines', CSV, 'total=1, amount=350', { total: 2, amount: 350 }],
  ['another sum, in JSON', ITEMS, 'total=2, amount=351', { total: 2, amount: 350 }],
  [
    'an amount in no-break spaces that a sender took for a mistake',
    `${CSV}${RAVI},\u00a01000000\u00a0,INR,\n`,
    'total=2, amount=350',
    { total: 3, amount: 1_000_350 },
  ],
])('%s than was shown: 409, nothing is stored, and the key stays free', async (_what, body, text, found) => {
  const idempotencyKey = nextKey();
  const before = await stored();
  const answer = await api.send(body, { ...expecting(text), idempotencyKey });
  expect(answer).toMatchObject({ status: 409, body: { code: 'payout_differs', ...found } });
  expect(answer.body['detail']).toMatch(/^This request pays \d+ in \d lines, but its sender was shown /);
  expect(await stored()).toEqual(before);
  expect((await api.call('/metrics')).text).toMatch(/^payouts_differing_total\{[^}]*\} [1-9]/m);
  const mended = expecting(`total=${found.total}, amount=${found.amount}`);
  expect((await api.send(body, { ...mended, idempotencyKey })).status).toBe(202);
});

test('lines that the service leaves out were shown too, so a part of a payout is not paid instead of the whole', async () => {
  const again = `${RAVI},1,INR,\n`.repeat(2);
  const before = await stored();
  const shown = { ...expecting('total=4, amount=352'), query: '?partial=true' };
  expect(await api.send(CSV + again, shown)).toMatchObject({
    status: 409,
    body: { code: 'payout_differs', total: 3, amount: 351 },
  });
  expect(await stored()).toEqual(before);
});

test('a repeat gets the answer of the payout that was stored, whatever it expects: there is something paid', async () => {
  const idempotencyKey = nextKey();
  const first = await api.send(CSV, { idempotencyKey });
  const repeat = await api.send(CSV, { ...expecting('total=9, amount=9'), idempotencyKey });
  expect([repeat.status, repeat.text, repeat.headers.get('idempotent-replayed')]).toEqual([
    202,
    first.text,
    'true',
  ]);
});

test.each([
  ...['', 'total=2', 'amount=350', 'amount=350, total=2', 'total=2; amount=350', 'total=2, amount=350, x=1'],
  ...[
    'total=2, amount=3.5',
    'total=2, amount=-350',
    'total=02, amount=350',
    'total=0, amount=0',
    'total=٢, amount=350',
  ],
  ...[
    'total=2, amount=9007199254740992',
    'total="2", amount="350"',
    'Total=2, Amount=350',
    'total=2, amount=350 INR',
  ],
])('%j is not what Payfan-Expect may be: 400, and nothing is stored', async (text) => {
  const before = await stored();
  // Header values are bytes.
  const answer = await api.send(CSV, expecting(Buffer.from(text).toString('latin1')));
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(answer.body.errors).toEqual([
    {
      in: 'header',
      path: 'payfan-expect',
      message: 'must be total=<lines>, amount=<minor units>, both whole numbers above zero',
    },
  ]);
  expect(await stored()).toEqual(before);
});

test('the documentation names the header and its refusal', async () => {
  const { body } = await api.call('/openapi.json');
  const { post } = (body as { paths: Record<string, { post: Operation }> }).paths['/v1/payouts'] ?? {};
  const header = post?.parameters.find(({ name }) => name === 'payfan-expect');
  expect(header).toMatchObject({ in: 'header', required: false, schema: { type: 'string' } });
  expect(JSON.stringify(post?.responses['409'])).toContain('payout_differs');
});

interface Operation {
  parameters: { name: string; in: string }[];
  responses: Record<string, unknown>;
}
