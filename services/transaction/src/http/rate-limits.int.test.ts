import { waitFor } from '@payfan/stack/testing';
import { limitsOf, type LimitSettings } from '../limits.ts';
import { nextKey, openApi, type Answer, type TestApi } from '../testing/api.ts';

const OFF: LimitSettings = {
  TRANSFERS_PER_MINUTE: 0,
  TRANSFERS_TO_ONE_PAYEE_PER_HOUR: 0,
  UNKNOWN_PAYEES_PER_HOUR: 0,
  WRONG_KEYS_PER_MINUTE: 0,
  TOKENS_PER_MINUTE: 0,
};
const RAVI = '7010233311';
const MEERA = '7010233312';
const NOBODY = '9876543210';

/** Two processes on one database, and the clock of both. */
let processes: [TestApi, TestApi];
let nowMs: number;
const wait = (seconds: number) => (nowMs += seconds * 1_000);

async function open(settings: Partial<LimitSettings>, deadlineMs?: number): Promise<void> {
  nowMs = Date.now();
  const limits = limitsOf({ ...OFF, ...settings });
  const options = {
    groupMax: 256,
    queueMax: 5_000,
    limits,
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

test('one payee is paid so often, in whatever spelling, and others still', async () => {
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

test('look-ups of unknown payees end with a refusal of every transfer', async () => {
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

test('limits that are switched off count nothing', async () => {
  await open({});
  expect(statusesOf(await payMany(150))).toEqual({ 201: 150 });
  expect(statusesOf(await payMany(50, NOBODY))).toEqual({ 404: 50 });
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
      timeoutMs: 60_000,
    });
  });
});
