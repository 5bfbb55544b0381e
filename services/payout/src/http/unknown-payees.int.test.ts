import { HEADER, MEERA, nextKey, openPayoutApi, RAVI, type TestApi } from '../testing/payout-api.ts';

const LIMIT = 2;
const HOUR_MS = 3_600_000;
let clockMs = Date.parse('2026-05-01T10:00:00Z');
const now = () => new Date(clockMs);

let api: TestApi;
beforeAll(async () => {
  api = await openPayoutApi({ unknownPayeesPerHour: LIMIT, now });
});
afterAll(() => api.close());
// What one test sends is no longer counted in the next.
beforeEach(() => {
  clockMs += 2 * HOUR_MS;
});

/** Sends a payout and has so many of its lines miss their payees, as a worker records it. */
async function sendMissing(missed: number, lines: number, to = api): Promise<void> {
  const { status, body } = await to.send(HEADER + `${RAVI},1,INR,\n`.repeat(lines));
  expect(status).toBe(202);
  await to.admin.query({
    text: 'update payout.payouts set unknown_payees = $2 where id = $1',
    values: [body['id'], missed],
  });
}
const ONE_LINE = [{ to: MEERA, amount: 1, currency: 'INR' }];

test('beyond the limit over all payouts of an hour, no payout of the account is taken until the hour is over', async () => {
  const earlier = { idempotencyKey: nextKey() };
  const first = await api.send(ONE_LINE, earlier);
  await sendMissing(LIMIT, LIMIT);
  clockMs += HOUR_MS / 4;
  await sendMissing(1, 1);
  const stored = [await api.count('payouts'), await api.count('payout_items'), await api.count('outbox')];

  const sending = { idempotencyKey: nextKey() };
  const refused = await api.send(ONE_LINE, sending);
  expect(refused).toMatchObject({
    status: 429,
    body: {
      ...{ status: 429, code: 'rate_limited', limit: { name: 'unknown_payees', rate: `${LIMIT} per hour` } },
      detail: expect.stringMatching(/without a wallet\. Try again in 2700 s\.$/) as string,
    },
  });
  expect(refused.headers.get('content-type')).toContain('application/problem+json');
  expect(refused.headers.get('retry-after')).toBe('2700');
  expect([await api.count('payouts'), await api.count('payout_items'), await api.count('outbox')]).toEqual(
    stored,
  );
  // Other accounts have their own counts, and a repeat gets its answer.
  expect((await api.send(ONE_LINE, { key: 'demo_ravi' })).status).toBe(202);
  expect((await api.send(ONE_LINE, earlier)).text).toBe(first.text);

  clockMs += 2_700_000 - 1;
  expect(await api.send(ONE_LINE, sending)).toMatchObject({ status: 429 });
  clockMs += 1;
  expect(await api.send(ONE_LINE, sending)).toMatchObject({ status: 202 });
});

test('beyond the limit, up to 5 % of the lines of all payouts of an hour may miss their payees', async () => {
  await sendMissing(0, 20);
  await sendMissing(LIMIT + 1, 40);
  expect(await api.send(ONE_LINE)).toMatchObject({ status: 202 });
  await sendMissing(1, 1);
  expect(await api.send(ONE_LINE)).toMatchObject({ status: 429 });
});

test('as many as the limit are taken, whatever their share', async () => {
  await sendMissing(LIMIT, LIMIT);
  expect(await api.send(ONE_LINE)).toMatchObject({ status: 202 });
});

test('with 0 there is no limit', async () => {
  const unlimited = await openPayoutApi({ unknownPayeesPerHour: 0, now });
  try {
    await sendMissing(100, 100, unlimited);
    expect(await unlimited.send(ONE_LINE)).toMatchObject({ status: 202 });
  } finally {
    await unlimited.close();
  }
});
