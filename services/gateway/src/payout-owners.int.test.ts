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
  });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const asked = (count: number) =>
  waitFor(() => Promise.resolve(waiting.length === count), { what: `${count} requests`, timeoutMs: 5_000 });
const answer = (status: number, body: object) =>
  waiting.pop()?.response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

test('those who ask at once ask once, and an owner is remembered', async () => {
  const both = [owners.ownerOf(PAYOUT), owners.ownerOf(PAYOUT)];
  await asked(1);
  expect(waiting[0]?.path).toBe(`/v1/payouts/${PAYOUT}/owner`);
  answer(200, { accountId: ASHA });
  expect(await Promise.all(both)).toEqual([ASHA, ASHA]);
  expect(await owners.ownerOf(PAYOUT)).toBe(ASHA);
  expect(waiting).toHaveLength(0);
});

test.each([
  [500, {}],
  [403, {}],
  [200, { accountId: 'nobody' }],
])('an answer %i %j tells nothing, and whoever asks again asks anew', async (status, body) => {
  const first = owners.ownerOf(PAYOUT);
  const failed = expect(first).rejects.toThrow(OwnerUnavailable);
  await asked(1);
  answer(status, body);
  await failed;
  const second = owners.ownerOf(PAYOUT);
  await asked(1);
  answer(200, { accountId: ASHA });
  expect(await second).toBe(ASHA);
});

test('a payout that there is not is not remembered: it may yet come', async () => {
  for (const [status, owner] of [
    [404, undefined],
    [200, ASHA],
  ] as const) {
    const found = owners.ownerOf(PAYOUT);
    await asked(1);
    answer(status, { accountId: ASHA });
    expect(await found).toBe(owner);
  }
});

test('no more than so many are asked about at once', async () => {
  const ids = Array.from(
    { length: 200 },
    (_, index) => `${PAYOUT.slice(0, -3)}${String(index).padStart(3, '0')}`,
  );
  const all = ids.map((id) => owners.ownerOf(id));
  await expect(owners.ownerOf(ASHA)).rejects.toThrow(OwnerUnavailable);
  await asked(200);
  while (waiting.length > 0) answer(200, { accountId: ASHA });
  expect(new Set(await Promise.all(all))).toEqual(new Set([ASHA]));
});
