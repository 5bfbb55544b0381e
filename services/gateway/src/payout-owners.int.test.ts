import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@payfan/service';
import { waitFor } from '@payfan/stack/testing';
import { OwnerUnavailable, PayoutOwners } from './payout-owners.ts';

const ASHA = '01a20cc5-e0e8-722d-9423-a86d180875fd';
const PAYOUT = '01a20cc5-e0e8-722d-9423-a86d18087500';

let server: Server;
let owners: PayoutOwners;
/** Requests that wait to be answered, each with its path. */
const waiting: { path: string; response: ServerResponse }[] = [];

beforeEach(async () => {
  waiting.length = 0;
  server = createServer((request, response) => waiting.push({ path: request.url ?? '', response }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  owners = new PayoutOwners({
    payoutUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serviceKey: 'key',
    logger: createLogger({ service: 'test', level: 'silent' }),
    // How long 200 requests take to come is the machine's matter, not the test's.
    timeoutMs: 60_000,
  });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const asked = (count: number) =>
  waitFor(() => Promise.resolve(waiting.length === count), { what: `${count} requests` });
const answer = (status: number, body: object) =>
  waiting.pop()?.response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

test('those who ask at once ask once, and an owner is remembered', async () => {
  const both = [owners.ownerOf(PAYOUT, ASHA), owners.ownerOf(PAYOUT, ASHA)];
  await asked(1);
  expect(waiting[0]?.path).toBe(`/v1/payouts/${PAYOUT}/owner`);
  answer(200, { accountId: ASHA });
  expect(await Promise.all(both)).toEqual([ASHA, ASHA]);
  expect(await owners.ownerOf(PAYOUT, ASHA)).toBe(ASHA);
  expect(waiting).toHaveLength(0);
});

test.each([
  [500, {}],
  [403, {}],
  [200, { accountId: 'nobody' }],
])('an answer %i %j tells nothing, and whoever asks again asks anew', async (status, body) => {
  const first = owners.ownerOf(PAYOUT, ASHA);
  const failed = expect(first).rejects.toThrow(OwnerUnavailable);
  await asked(1);
  answer(status, body);
  await failed;
  const second = owners.ownerOf(PAYOUT, ASHA);
  await asked(1);
  answer(200, { accountId: ASHA });
  expect(await second).toBe(ASHA);
});

test('a payout that there is not is not remembered: it may yet come', async () => {
  for (const [status, owner] of [
    [404, undefined],
    [200, ASHA],
  ] as const) {
    const found = owners.ownerOf(PAYOUT, ASHA);
    await asked(1);
    answer(status, { accountId: ASHA });
    expect(await found).toBe(owner);
  }
});

/** As many ids of payouts, each another one. */
const manyIds = (count: number, last: string) =>
  Array.from({ length: count }, (_, at) => `${PAYOUT.slice(0, -4)}${last}${String(at).padStart(3, '0')}`);

test('no more than so many are asked about at once', async () => {
  const all = manyIds(200, '1').map((id, at) => owners.ownerOf(id, `account ${at % 10}`));
  await expect(owners.ownerOf(PAYOUT, ASHA)).rejects.toThrow(OwnerUnavailable);
  await asked(200);
  while (waiting.length > 0) answer(200, { accountId: ASHA });
  expect(new Set(await Promise.all(all))).toEqual(new Set([ASHA]));
});

test('an account that asks about many at once keeps only itself waiting', async () => {
  const many = Promise.allSettled(manyIds(200, '2').map((id) => owners.ownerOf(id, 'somebody')));
  const own = owners.ownerOf(PAYOUT, ASHA);
  await asked(21);
  answer(200, { accountId: ASHA });
  expect(await own).toBe(ASHA);
  while (waiting.length > 0) answer(404, {});
  const refused = (await many).filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(180);
  // What was answered counts no longer.
  const again = owners.ownerOf(manyIds(1, '2')[0] ?? '', 'somebody');
  await asked(1);
  answer(404, {});
  expect(await again).toBeUndefined();
});
