import { randomUUID } from 'node:crypto';
import { UnknownService } from './start-payfan.ts';
import { startPayfan, waitFor, type Payfan } from './testing.ts';

let payfan: Payfan;
beforeAll(async () => {
  payfan = await startPayfan();
});
afterAll(() => payfan.stop());

const as = (key: string) => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });

async function pay(): Promise<string> {
  const answer = await fetch(`${payfan.url('transaction')}/v1/transfers`, {
    method: 'POST',
    headers: { ...as('demo_asha'), 'idempotency-key': randomUUID() },
    body: JSON.stringify({ to: '7010233311', amount: 10_000, currency: 'INR', note: 'lunch' }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

/** Resolves when all six deliveries are sent. */
const everybodyTold = (transfer: string) =>
  waitFor(
    async () => {
      const url = `${payfan.url('operations')}/v1/transfers/${transfer}/deliveries`;
      const answer = await fetch(url, { headers: as('demo_operator') });
      const { data } = (await answer.json()) as { data: { status: string }[] };
      return data.length === 6 && data.every(({ status }) => status === 'sent');
    },
    { what: 'six deliveries being sent' },
  );

const mailCount = async () =>
  ((await (await fetch(`${payfan.mailApi}/api/v2/messages`)).json()) as { total: number }).total;

test('is all of Payfan, on what only this test sees', async () => {
  await everybodyTold(await pay());
  const sms = (await (await fetch(`${payfan.smsUrl}/messages`)).json()) as { total: number };
  expect([sms.total, await mailCount()]).toEqual([2, 2]);
});

test('one of several can die, and one that died can come back at its URL', async () => {
  const second = await payfan.startAnother('email');
  expect(second.url).not.toBe(payfan.url('email'));
  expect(await payfan.program('email').kill()).toEqual({ code: null, signal: 'SIGKILL' });
  const before = await mailCount();
  await pay();
  await waitFor(async () => (await mailCount()) === before + 2, {
    what: 'mail by the second instance',
  });
  const again = await payfan.restart('email');
  expect(again.url).toBe(payfan.url('email'));
  expect(payfan.program('email').pid).toBe(again.pid);
  await everybodyTold(await pay());
});

test('a service that there is not is named, with those that there are', () => {
  expect(() => payfan.url('fax')).toThrow(UnknownService);
  expect(() => payfan.program('fax')).toThrow(
    /transaction, push, phone, email, gateway, payout, payout-worker-premium, payout-worker-free, operations/,
  );
});
