import { randomUUID } from 'node:crypto';
import { services, startPayfan, type Payfan } from '@payfan/stack/testing';
import { BackEnd } from '../live/back-end.ts';
import { DECISIONS, GRANTS, type Decision, type Grant, type Known } from './access-decisions.ts';
import { ASHA_ID, outside } from './people.ts';

/** A service without grants, one with all of them, and for each grant one that has it alone and one that lacks it alone. */
const BACK_ENDS = Object.fromEntries([
  ['bare', ''],
  ['every', GRANTS.join('|')],
  ...GRANTS.flatMap((grant, index) => [
    [`only-${index}`, grant],
    [`lacks-${index}`, GRANTS.filter((other) => other !== grant).join('|')],
  ]),
]) as Record<string, string>;
const keyThatHasOnly = (grant: Grant) => `key-of-only-${GRANTS.indexOf(grant)}`;
const keyThatLacks = (grant: Grant) => `key-of-lacks-${GRANTS.indexOf(grant)}`;

let payfan: Payfan;
let known: Known;
beforeAll(async () => {
  payfan = await startPayfan({ backEnds: BACK_ENDS });
  const { pay, call } = outside(payfan);
  const payout = await call<{ id: string }>(`${payfan.url('payout')}/v1/payouts`, 'demo_asha', {
    method: 'POST',
    headers: { 'idempotency-key': randomUUID() },
    body: { items: [{ to: '7010233311', amount: 1, currency: 'INR', note: '' }] },
  });
  const { webPushUrl } = payfan;
  known = { webPushUrl, transferId: (await pay(100)).body.id, payoutId: payout.body.id };
});
afterAll(() => payfan.stop());

/** The routes of a service, as its OpenAPI document has them. */
async function routesOf(service: string): Promise<string[]> {
  const answer = await fetch(`${payfan.url(service)}/openapi.json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, unknown>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

test.each(services)('every route of $name has a decision, and every decision a route', async ({ name }) => {
  expect((await routesOf(name)).sort()).toEqual(Object.keys(DECISIONS[name] ?? {}).sort());
});

/** A proxy that keeps a route from clients compares paths as they are written. */
test.each(services)('$name finds its routes under no other spelling of their paths', async ({ name }) => {
  const paths = (await routesOf(name)).map((route) => route.split(' ')[1] ?? '');
  const spellings = ['/metrics', ...paths].flatMap((path) => [`${path}/`, path.toUpperCase()]);
  const statuses = await Promise.all(
    spellings.map(async (path) => [path, (await fetch(`${payfan.url(name)}${path}`)).status]),
  );
  expect(statuses).toEqual(spellings.map((path) => [path, 404]));
});

async function statusOf(service: string, route: string, decision: Decision, key?: string): Promise<number> {
  const [method = '', ofDocument = ''] = route.split(' ');
  const path = decision.path?.(known) ?? ofDocument;
  const body = decision.body?.(known);
  const answer = await fetch(`${payfan.url(service)}${path}`, {
    method,
    headers: {
      'idempotency-key': randomUUID(),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  // A stream would never end.
  await answer.body?.cancel();
  return answer.status;
}

/** Keys and the statuses that they must get; undefined is no key. */
function expectedOf({
  account,
  operator,
  service,
  withoutKey = 401,
}: Decision): [string | undefined, number][] {
  const people: [string | undefined, number][] = [
    [undefined, withoutKey],
    ['demo_asha', account],
    ['demo_operator', operator],
  ];
  if (typeof service === 'number') return [...people, ['key-of-bare', service], ['key-of-every', service]];
  return [
    ...people,
    ['key-of-bare', 403],
    [keyThatLacks(service.needs), 403],
    [keyThatHasOnly(service.needs), service.status],
  ];
}

const table = Object.entries(DECISIONS).flatMap(([service, routes]) =>
  Object.entries(routes).map(([route, decision]) => ({ service, route, decision })),
);

test.each(table)(
  '$service answers $route to each kind of caller as decided',
  async ({ service, route, decision }) => {
    const expected = expectedOf(decision);
    const statuses = [];
    for (const [key] of expected) statuses.push([key, await statusOf(service, route, decision, key)]);
    expect(statuses).toEqual(expected);
  },
);

test('the grants of a key are those of its token', async () => {
  const { call } = outside(payfan);
  const read = { method: 'POST', body: { feeds: [{ accountId: ASHA_ID, after: 0 }], limit: 1 } };
  for (const [key, status] of [
    [keyThatHasOnly('feeds'), 200],
    [keyThatLacks('feeds'), 403],
  ] as const) {
    const url = `${payfan.url('transaction')}/v1/tokens`;
    const { token } = (await call<{ token: string }>(url, key, { method: 'POST' })).body;
    expect((await call(`${payfan.url('push')}/v1/feeds/read`, token, read)).status).toBe(status);
  }
});

test.each<[what: string, frame: Parameters<BackEnd['ask']>[0], mayDo: string[]]>([
  [
    'follow an account',
    { t: 'subscribe', topic: `account.${ASHA_ID}` },
    ['demo_asha', 'demo_operator', keyThatHasOnly('follow:account.*'), 'key-of-every'],
  ],
  [
    'follow all accounts',
    { t: 'subscribe', topic: 'account.*' },
    ['demo_operator', keyThatHasOnly('follow:account.*'), 'key-of-every'],
  ],
  ['follow payouts', { t: 'subscribe', topic: 'payout.*' }, ['demo_operator']],
  [
    'follow a public topic',
    { t: 'subscribe', topic: 'public.x' },
    ['demo_asha', 'demo_operator', 'demo_service'],
  ],
  ['follow another topic', { t: 'subscribe', topic: 'orders.x' }, ['demo_operator', 'demo_service']],
  [
    'publish',
    { t: 'publish', topic: 'orders.x', type: 'order', data: 1 },
    [keyThatHasOnly('publish:orders.*'), 'key-of-every', 'demo_service'],
  ],
  ['publish for an account', { t: 'publish', topic: `account.${ASHA_ID}`, type: 'x', data: 1 }, []],
  ['publish for a payout', { t: 'publish', topic: 'payout.1', type: 'x', data: 1 }, []],
])('on the WebSocket only these may %s', async (_what, frame, mayDo) => {
  const keys = [
    ...['demo_asha', 'demo_operator', 'demo_service', 'key-of-gateway', 'key-of-bare', 'key-of-every'],
    ...[keyThatHasOnly('follow:account.*'), keyThatHasOnly('publish:orders.*')],
  ];
  const allowed: string[] = [];
  for (const key of keys) {
    const backEnd = await BackEnd.connect(payfan.url('gateway'), key);
    await backEnd.ask(frame).then(
      () => allowed.push(key),
      (error: unknown) => expect(String(error)).toMatch(/forbidden/),
    );
    backEnd.ws.terminate();
  }
  expect(allowed.sort()).toEqual([...mayDo].sort());
});
