import { startPayfan, waitFor, type Payfan } from '@payfan/stack/testing';
import { outside } from './people.ts';

interface Shown {
  title: string;
  body: string;
  data: { transferId: string };
}

let payfan: Payfan;
beforeAll(async () => {
  // A lease outlives its attempt, so a short time-out lets others take over soon.
  payfan = await startPayfan({ environment: { push: { SEND_TIMEOUT_MS: '1000' } } });
});
afterAll(() => payfan.stop());

const send = (method: string, path: string, body: unknown) =>
  fetch(`${payfan.webPushUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Somebody's browser, from the key to the subscription, as a page does it. */
async function browserOf(key: string) {
  const { call } = outside(payfan);
  const url = `${payfan.url('push')}/v1/push-subscriptions`;
  const { publicKey } = (await call<{ publicKey: string }>(`${url}/key`, key)).body;
  const answer = await send('POST', '/subscriptions', { applicationServerKey: publicKey });
  const { id, ...subscription } = (await answer.json()) as { id: string };
  const { status } = await call(url, key, { method: 'POST', body: subscription });
  expect(status).toBe(201);
  return {
    async shown() {
      const page = await (await fetch(`${payfan.webPushUrl}/messages?subscription=${id}`)).json();
      const { data } = page as { data: { payload: string; messages: number }[] };
      return data.map(({ payload, messages }) => ({ ...(JSON.parse(payload) as Shown), messages }));
    },
    async attempts() {
      const log = await (await fetch(`${payfan.webPushUrl}/attempts?to=${id}`)).json();
      return (log as { data: { outcome: string }[] }).data.map(({ outcome }) => outcome);
    },
  };
}

test('browsers of payer and payee are notified, each in its own words', async () => {
  const { pay, everybodyTold } = outside(payfan);
  const [asha, ravi, meera] = [
    await browserOf('demo_asha'),
    await browserOf('demo_ravi'),
    await browserOf('demo_meera'),
  ];
  const { id } = (await pay(12_345, { note: 'lunch 🍛' })).body;
  await everybodyTold(id);
  for (const browser of [asha, ravi]) {
    await waitFor(async () => (await browser.shown()).length === 1, { what: 'a browser being told' });
  }
  expect(await asha.shown()).toMatchObject([
    { title: 'You paid ₹123.45', body: 'To Ravi Kumar: lunch 🍛', data: { transferId: id } },
  ]);
  expect(await ravi.shown()).toMatchObject([
    { title: 'You received ₹123.45', body: 'From Asha Rao: lunch 🍛', data: { transferId: id } },
  ]);
  expect(await meera.shown()).toEqual([]);
});

test('a process that is killed while it tells a browser leaves that to the next, and it shows once', async () => {
  const { pay, everybodyTold } = outside(payfan);
  const browser = await browserOf('demo_meera');
  await send('PUT', '/behaviour', { hang: true });
  const { id } = (await pay(100, { to: '7010233312' })).body;
  await waitFor(async () => (await browser.attempts()).length > 0, { what: 'the attempt' });
  await payfan.program('push').kill();
  await send('PUT', '/behaviour', {});
  await payfan.restart('push');
  await waitFor(async () => (await browser.attempts()).includes('repeated'), { what: 'another attempt' });
  await everybodyTold(id);
  const [shown, ...more] = await browser.shown();
  expect([shown?.data.transferId, more]).toEqual([id, []]);
  expect(shown?.messages).toBeGreaterThan(1);
});
