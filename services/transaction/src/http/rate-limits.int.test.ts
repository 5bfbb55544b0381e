import { waitFor } from '@payfan/stack/testing';
import { limitsOf, type LimitSettings } from '../limits.ts';
import { LIMITS_OFF, nextKey, openApi, type Answer, type TestApi } from '../testing/api.ts';

const RAVI = '7010233311';
const MEERA = '7010233312';
const NOBODY = '9876543210';

const service = (name: string, grants: string[]) => ({
  key: `${name}-key`,
  owner: { kind: 'service' as const, name, grants },
});
const known = [service('gateway', ['client-address']), service('shop', [])];

/** Two processes on one database, and the clock of both. */
let processes: [TestApi, TestApi];
let nowMs: number;
const wait = (seconds: number) => (nowMs += seconds * 1_000);

async function open(settings: Partial<LimitSettings>, deadlineMs?: number): Promise<void> {
  nowMs = Date.now();
  const limits = limitsOf({ ...LIMITS_OFF, ...settings });
  const options = {
    groupMax: 256,
    queueMax: 5_000,
    limits,
    known,
    now: () => new Date(nowMs),
    ...(deadlineMs && { deadlineMs }),
  };
  const one = await openApi(options);
  processes = [one, await openApi({ ...options, beside: one })];
}
afterEach(async () => {
  await processes[1].close();
  await processes[0].close();
});

let turn = 0;
/** The processes in turn, as a load balancer does. */
const next = (): TestApi => processes[turn++ % 2]!;
const pay = (to = RAVI, { key = 'demo_asha', amount = 1, idempotencyKey = nextKey() } = {}) =>
  next().send({ to, amount, currency: 'INR' }, { key, idempotencyKey });
const payMany = (count: number, ...args: Parameters<typeof pay>) =>
  Promise.all(Array.from({ length: count }, () => pay(...args)));
const statusesOf = (answers: readonly Answer[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

function expectRefusal(answer: Answer, limit: { name: string; rate: string }, retryAfter: string): void {
  expect(answer).toMatchObject({
    status: 429,
    body: {
      code: 'rate_limited',
      status: 429,
      detail: expect.stringMatching(/Try again in \d+ s\.$/),
      limit,
    },
  });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.headers.get('retry-after')).toBe(retryAfter);
}

test('an account may send twice its rate at once, and then at its rate', async () => {
  await open({ TRANSFERS_PER_MINUTE: 60 });
  expect(statusesOf(await payMany(130))).toEqual({ 201: 120, 429: 10 });
  expectRefusal(await pay(MEERA), { name: 'transfers', rate: '60 per minute' }, '1');
  // Other accounts are not concerned.
  expect((await pay(MEERA, { key: 'demo_ravi' })).status).toBe(201);
  wait(1);
  expect(statusesOf(await payMany(2))).toEqual({ 201: 1, 429: 1 });
  wait(60);
  expect(statusesOf(await payMany(70))).toEqual({ 201: 60, 429: 10 });
});

test('an account pays one payee up to the limit, in every spelling of the number, and other payees go on', async () => {
  await open({ TRANSFERS_TO_ONE_PAYEE_PER_HOUR: 30 });
  const spellings = ['7010233311', '+91 70102 33311', '07010233311'];
  const answers = await Promise.all(Array.from({ length: 33 }, (_, n) => pay(spellings[n % 3])));
  expect(statusesOf(answers)).toEqual({ 201: 30, 429: 3 });
  expectRefusal(await pay(RAVI), { name: 'transfers_to_one_payee', rate: '30 per hour' }, '120');
  expect((await pay(MEERA)).status).toBe(201);
  wait(120);
  expect(statusesOf(await payMany(2))).toEqual({ 201: 1, 429: 1 });
});

test('what one limit refuses is not counted by another', async () => {
  await open({ TRANSFERS_PER_MINUTE: 20, TRANSFERS_TO_ONE_PAYEE_PER_HOUR: 30 });
  expect(statusesOf(await payMany(39))).toEqual({ 201: 30, 429: 9 });
  expect(statusesOf(await payMany(11, MEERA))).toEqual({ 201: 10, 429: 1 });
});

test('beyond the limit of unknown payees every transfer of the account is refused', async () => {
  await open({ UNKNOWN_PAYEES_PER_HOUR: 20 });
  expect(statusesOf(await payMany(25, NOBODY))).toEqual({ 404: 20, 429: 5 });
  const limit = { name: 'unknown_payees', rate: '20 per hour' };
  const refusals = [await pay(NOBODY), await pay(RAVI), await pay(RAVI, { amount: 99_99_999_00 })];
  for (const refusal of refusals) expectRefusal(refusal, limit, '180');
  wait(180);
  expect((await pay(RAVI)).status).toBe(201);
});

test('a repeat counts like any request, and a refusal stores nothing under its key', async () => {
  await open({ TRANSFERS_PER_MINUTE: 1 });
  const idempotencyKey = nextKey();
  const answers = [await pay(RAVI, { idempotencyKey }), await pay(RAVI, { idempotencyKey })];
  expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  const other = nextKey();
  expect((await pay(RAVI, { idempotencyKey: other })).status).toBe(429);
  wait(60);
  const made = await pay(RAVI, { idempotencyKey: other });
  expect([made.status, made.headers.get('idempotent-replayed')]).toEqual([201, null]);
});

let guesses = 0;
/** Exchanges a key, a new wrong one unless given, as a service does it for a client. */
const exchange = ({
  key = `guess-${++guesses}`,
  address = '',
  by = 'gateway-key',
  path = '/v1/tokens',
} = {}) =>
  next().call(path, {
    method: 'POST',
    key,
    headers: address === '' ? {} : { 'payfan-service-key': by, 'payfan-client-address': address },
  });
const exchangeMany = (count: number, how?: Parameters<typeof exchange>[0]) =>
  Promise.all(Array.from({ length: count }, () => exchange(how)));
const WRONG_KEYS = { name: 'wrong_keys', rate: '30 per minute' };

test('an address may send wrong keys up to the limit; beyond it only keys that are known to be valid are looked up', async () => {
  await open({ WRONG_KEYS_PER_MINUTE: 30 });
  for (const api of processes) expect((await api.call('/v1/accounts/me')).status).toBe(200);
  expect(statusesOf(await exchangeMany(40))).toEqual({ 401: 30, 429: 10 });
  // A process notices that an address is beyond the limit by the first wrong key that it refuses itself.
  for (const _ of processes) expectRefusal(await exchange(), WRONG_KEYS, '2');
  // Ravi's key is valid, and no process has seen it yet.
  expect(statusesOf([await exchange({ key: 'demo_ravi' })])).toEqual({ 429: 1 });
  wait(1);
  for (const api of processes) expect((await api.call('/v1/accounts/me')).status).toBe(200);
  wait(2);
  expect(statusesOf(await exchangeMany(2))).toEqual({ 401: 1, 429: 1 });
  wait(60);
  expect(statusesOf(await exchangeMany(32))).toEqual({ 401: 30, 429: 2 });
});

test.each(['/v1/tokens', '/v1/sessions'])(
  'a service with the grant names the client at %s, whose wrong keys are counted for its own address',
  async (path) => {
    await open({ WRONG_KEYS_PER_MINUTE: 30 });
    expect(statusesOf(await exchangeMany(33, { address: '192.0.2.7', path }))).toEqual({ 401: 30, 429: 3 });
    for (const _ of processes) expectRefusal(await exchange({ address: '192.0.2.7', path }), WRONG_KEYS, '2');
    expect((await exchange({ key: 'demo_ravi', address: '192.0.2.7', path })).status).toBe(429);
    // Neither another client of the service nor the service itself.
    expect((await exchange({ key: 'demo_ravi', address: '192.0.2.8', path })).status).toBe(201);
    expect((await exchange({ key: 'gateway-key' })).status).toBe(201);
  },
);

test.each([
  ['has no grant', 'shop-key'],
  ['is not valid', 'guess'],
])('the address of a client is not believed from a service whose key %s', async (_what, by) => {
  await open({ WRONG_KEYS_PER_MINUTE: 30 });
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, n) => exchange({ address: `192.0.2.${n}`, by })),
  );
  // Of a service key that is not valid each process counts the first use too.
  expect(statusesOf(answers)[429]).toBeGreaterThanOrEqual(10);
});

test('a key buys tokens up to the limit', async () => {
  await open({ TOKENS_PER_MINUTE: 60 });
  expect(statusesOf(await exchangeMany(65, { key: 'demo_asha' }))).toEqual({ 201: 60, 429: 5 });
  expectRefusal(await exchange({ key: 'demo_asha' }), { name: 'tokens', rate: '60 per minute' }, '1');
  expect((await exchange({ key: 'demo_ravi' })).status).toBe(201);
  wait(1);
  expect(statusesOf(await exchangeMany(2, { key: 'demo_asha' }))).toEqual({ 201: 1, 429: 1 });
});

test('limits that are switched off count nothing', async () => {
  await open({});
  expect(statusesOf(await payMany(150))).toEqual({ 201: 150 });
  expect(statusesOf(await payMany(50, NOBODY))).toEqual({ 404: 50 });
  expect(statusesOf(await exchangeMany(50))).toEqual({ 401: 50 });
  expect(statusesOf(await exchangeMany(100, { key: 'demo_asha' }))).toEqual({ 201: 100 });
  const rows = await processes[0].admin.query({ text: 'select from transaction.rate_limits' });
  expect(rows).toEqual([]);
});

const failuresOf = async (api: TestApi) => {
  const metrics = await (await fetch(api.url('/metrics'))).text();
  return Number(/^payfan_rate_limit_store_failures_total\S* (\d+)$/m.exec(metrics)?.[1]);
};

describe('without the store of the limits transfers go on, and a metric counts them', () => {
  test('while its table is missing', async () => {
    await open({ TRANSFERS_PER_MINUTE: 1 });
    await processes[0].admin.query({ text: 'alter table transaction.rate_limits rename to gone' });
    expect(statusesOf(await payMany(10))).toEqual({ 201: 10 });
    expect((await failuresOf(processes[0])) + (await failuresOf(processes[1]))).toBe(10);
  });

  test('and keys buy tokens, while its table is missing', async () => {
    await open({ WRONG_KEYS_PER_MINUTE: 1, TOKENS_PER_MINUTE: 1 });
    await processes[0].admin.query({ text: 'alter table transaction.rate_limits rename to gone' });
    expect(statusesOf(await exchangeMany(5))).toEqual({ 401: 5 });
    expect(statusesOf(await exchangeMany(5, { key: 'demo_asha' }))).toEqual({ 201: 5 });
  });

  test('while its table is locked', async () => {
    await open({ TRANSFERS_PER_MINUTE: 1 }, 200);
    await processes[0].admin.transaction(async (tx) => {
      await tx.query({ text: 'lock table transaction.rate_limits' });
      expect(statusesOf(await payMany(10))).toEqual({ 201: 10 });
    });
    expect(await failuresOf(processes[0])).toBeGreaterThan(0);
  });

  test('until it is back', async () => {
    await open({ TRANSFERS_PER_MINUTE: 1 });
    const rename = (from: string, to: string) =>
      processes[0].admin.query({ text: `alter table transaction.${from} rename to ${to}` });
    await rename('rate_limits', 'gone');
    await payMany(2);
    await rename('gone', 'rate_limits');
    await waitFor(async () => (await pay()).status === 429, {
      what: 'the limit being counted again',
    });
  });
});
