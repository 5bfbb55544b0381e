import { HEADER, MEERA, openPayoutApi, RAVI, type TestApi } from '../testing/payout-api.ts';

const LIMIT = 3;
let api: TestApi;
beforeAll(async () => {
  api = await openPayoutApi({ linesToOnePayee: LIMIT });
});
afterAll(() => api.close());

const SPELLINGS = [RAVI, '+917010233311', '07010 233311'];
const payees = (count: number) => Array.from({ length: count }, (_, n) => SPELLINGS[n % 3]!);
const asItems = (to: readonly string[]) =>
  to.map((one) => ({ to: one, amount: 1, currency: 'INR', note: '' }));
const asCsv = (to: readonly string[]) => HEADER + to.map((one) => `${one},1,INR,\n`).join('');
const message = `is one too many for this payee: a payout may pay one payee ${LIMIT} times`;

describe.each([
  ['JSON', asItems, 0],
  ['CSV', asCsv, 1],
] as const)('as %s', (_, write, headerLines) => {
  test('as many lines to one payee as the limit allows are taken, and other payees have their own', async () => {
    const answer = await api.send(write([...payees(LIMIT), ...Array.from({ length: LIMIT }, () => MEERA)]));
    expect(answer).toMatchObject({ status: 202, body: { total: 2 * LIMIT } });
  });

  test('each further line is reported as wrong, in every spelling of the number', async () => {
    const answer = await api.send(write([...payees(LIMIT + 2), MEERA]));
    const rejectedLines = [LIMIT + 1, LIMIT + 2].map((line) => line + headerLines);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errorCount: 2, rejectedLines },
    });
    expect(answer.body.errors).toEqual(
      rejectedLines.map((line) => ({ in: 'body', line, path: 'to', message })),
    );
  });

  test('with partial=true the further lines are left out', async () => {
    const answer = await api.send(write([...payees(LIMIT + 2), MEERA]), { query: '?partial=true' });
    expect(answer).toMatchObject({ status: 202, body: { total: LIMIT + 1, rejected: { lines: 2 } } });
  });
});

test('a line that is wrong otherwise does not count', async () => {
  const wrong = { to: RAVI, amount: 0, currency: 'INR', note: '' };
  const items = [wrong, ...asItems(payees(LIMIT)), wrong];
  const answer = await api.send(items, { query: '?partial=true' });
  expect(answer).toMatchObject({ status: 202, body: { total: LIMIT, rejected: { lines: 2 } } });
});
