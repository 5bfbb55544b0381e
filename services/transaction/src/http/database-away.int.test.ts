import { waitFor } from '@payfan/stack/testing';
import { APPLICATION, openApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await openApi({ groupMax: 1, queueMax: 2 });
});
afterEach(() => api.close());

const asha = { authorization: 'Bearer demo_asha' };
const send = (idempotencyKey: string) =>
  fetch(api.url('/v1/transfers'), {
    method: 'POST',
    headers: { ...asha, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify({ to: '7010233311', amount: 10_000, currency: 'INR' }),
  });

async function expectAway(answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('2');
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(await answer.json()).toMatchObject({ code: 'temporarily_unavailable' });
}

/**
 * The same request, repeated as it asks to be, is answered as if nothing had been, and moves the money once.
 * Sessions that began while nothing could be written are given up as they are found, each for one more 503.
 */
async function expectMovedOnce(idempotencyKey: string): Promise<void> {
  await waitFor(async () => (await send(idempotencyKey)).status === 201, {
    what: 'the transfer',
  });
  expect((await send(idempotencyKey)).headers.get('idempotent-replayed')).toBe('true');
  const me = (await (await fetch(api.url('/v1/accounts/me'), { headers: asha })).json()) as {
    balance: number;
  };
  expect(me.balance).toBe(1_00_000_00 - 10_000);
}

const change = (setting: string) => api.admin.query({ text: `alter database ${api.fresh.name} ${setting}` });
/** Ends the service's sessions, so that its next ones begin under what was changed. */
const endSessions = (where = 'true') =>
  api.admin.query({
    text: `select pg_terminate_backend(pid, 5000) from pg_stat_activity
           where application_name = '${APPLICATION}' and ${where}`,
  });

test('a database that takes no writes makes transfers ask for patience, and still answers what is read', async () => {
  await change('set default_transaction_read_only = on');
  await endSessions();
  await expectAway(await send('lunch'));
  expect((await fetch(api.url('/v1/accounts/me'), { headers: asha })).status).toBe(200);
  await change('set default_transaction_read_only = off');
  await expectMovedOnce('lunch');
});

test('a database that has no connection left does too', async () => {
  await change('connection limit 0');
  await endSessions();
  await expectAway(await send('lunch'));
  await change('connection limit -1');
  await expectMovedOnce('lunch');
});

test('a database that an administrator shuts down under a transfer does too', async () => {
  await api.admin.transaction(async (tx) => {
    await tx.query({ text: 'lock table transaction.accounts in access exclusive mode' });
    const answer = send('lunch');
    await waitFor(async () => (await endSessions(`wait_event_type = 'Lock'`)).length > 0, {
      what: 'the transfer waiting',
    });
    await expectAway(await answer);
  });
  await expectMovedOnce('lunch');
});

test('transfers beyond those that may wait for their commit are refused at once, and the others are made', async () => {
  const { answers, refused } = await api.admin.transaction(async (tx) => {
    await tx.query({ text: 'select from transaction.accounts order by id for update' });
    // Two are being committed and two wait: one is too many, and the only one that is answered.
    const sent = ['a', 'b', 'c', 'd', 'e'].map(send);
    return { answers: sent, refused: await Promise.race(sent) };
  });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ code: 'overloaded' });
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses.sort()).toEqual([201, 201, 201, 201, 503]);
});
