import { waitFor } from '@payfan/stack/testing';
import { outside } from '../e2e/people.ts';
import { ask, startPages, type Pages, type Visit } from './pages.ts';

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(() => pages.stop());

const SUBSCRIBE = '/subscribed-by-the-test';

/**
 * What a browser has of its maker's push service, which none reaches in a test: subscriptions, here at the stand-in
 * that push services have in the demo.
 */
const WITH_A_PUSH_SERVICE = `{
  let made = null;
  PushManager.prototype.getSubscription = () => Promise.resolve(made);
  PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
    if (!userVisibleOnly) throw new DOMException('silent pushes are refused', 'NotAllowedError');
    if (made !== null) return made;
    const answer = await fetch('${SUBSCRIBE}', { method: 'POST', body: applicationServerKey });
    const { id, ...subscription } = await answer.json();
    globalThis.pushId = id;
    made = {
      endpoint: subscription.endpoint,
      toJSON: () => subscription,
      unsubscribe: () => Promise.resolve((made = null) === null),
    };
    return made;
  };
  globalThis.isSubscribed = () => made !== null;
}`;

/** Somebody who says yes, in a browser that reaches a push service. */
async function visitWithPushService(): Promise<Visit> {
  const visit = await pages.visit({ permissions: ['notifications'] });
  await visit.context.addInitScript({ content: WITH_A_PUSH_SERVICE });
  await visit.context.route(`**${SUBSCRIBE}`, async (route) => {
    const applicationServerKey = route.request().postDataBuffer()?.toString('base64url');
    const answer = await fetch(`${pages.payfan.webPushUrl}/subscriptions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ applicationServerKey }),
    });
    await route.fulfill({ status: answer.status, json: await answer.json() });
  });
  return visit;
}

/** What a browser was told through its push service, deciphered. */
async function toldTo(id: string): Promise<unknown[]> {
  const answer = await fetch(`${pages.payfan.webPushUrl}/messages?subscription=${id}`);
  const { data } = (await answer.json()) as { data: { payload: string }[] };
  return data.map(({ payload }) => JSON.parse(payload) as unknown);
}

/** What this device shows once its push service has handed a message to the page's service worker. */
async function shownBy(visit: Visit, message: string): Promise<unknown> {
  const { context, page } = visit;
  const devtools = await context.newCDPSession(page);
  const registration = new Promise<string>((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations: [first] }) => {
      if (first !== undefined) resolve(first.registrationId);
    });
  });
  await devtools.send('ServiceWorker.enable');
  const { origin } = new URL(page.url());
  await devtools.send('ServiceWorker.deliverPushMessage', {
    origin,
    registrationId: await registration,
    data: message,
  });
  const shown = `navigator.serviceWorker.getRegistration()
    .then((worker) => worker.getNotifications())
    .then((all) => all.map(({ title, body }) => ({ title, body })))`;
  await waitFor(async () => (await ask<unknown[]>(visit, shown)).length > 0, {
    what: 'a notification',
  });
  return ask(visit, shown);
}

function switchOf({ page }: Visit) {
  const dialog = page.getByRole('dialog', { name: 'Notifications' });
  return {
    open: () => page.getByRole('button', { name: /^Notifications/ }).click(),
    turn: (to: 'on' | 'off') => dialog.getByRole('button', { name: `Turn ${to}` }).click(),
    isOn: () => dialog.getByText('This device is told while the page is closed, too.').waitFor(),
    isOff: () => dialog.getByText('Be told on this device while the page is closed, too.').waitFor(),
  };
}

test('turned on, this device is notified by its push service; turned off, or signed out, it is not', async () => {
  const visit = await visitWithPushService();
  const { page, context } = visit;
  const people = outside(pages.payfan);
  await visit.signIn('Meera Iyer');
  const toggle = switchOf(visit);
  await toggle.open();
  await toggle.isOff();
  await toggle.turn('on');
  await toggle.isOn();

  const id = await ask<string>(visit, 'pushId');
  await people.pay(4_200, { to: '7010233312', note: 'tea' });
  await waitFor(async () => (await toldTo(id)).length > 0, {
    what: 'a message to the browser',
  });
  expect(await toldTo(id)).toEqual([
    expect.objectContaining({ title: 'You received ₹42.00', body: 'From Asha Rao: tea' }),
  ]);

  expect(await shownBy(visit, JSON.stringify((await toldTo(id))[0]))).toEqual([
    { title: 'You received ₹42.00', body: 'From Asha Rao: tea' },
  ]);

  const forgotten = page.waitForResponse((answer) => answer.request().method() === 'DELETE');
  await toggle.turn('off');
  expect((await forgotten).status()).toBe(204);
  await toggle.isOff();
  expect(await ask(visit, 'isSubscribed()')).toBe(false);

  await toggle.turn('on');
  await toggle.isOn();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: /^Account:/ }).click();
  await page.getByRole('button', { name: /^Ravi Kumar/ }).click();
  await page.getByRole('button', { name: 'Account: Ravi Kumar' }).waitFor();
  await waitFor(() => ask<boolean>(visit, '!isSubscribed()'), {
    what: 'the end of the subscription',
  });
  await page.keyboard.press('Escape');
  await toggle.open();
  await toggle.isOff();
  expect(visit.complaints).toEqual([]);
  await context.close();
});

test('a browser that keeps notifications from the page: the switch says so, and is gone', async () => {
  const { page, context, signIn } = await pages.visit();
  await signIn('Meera Iyer');
  await page.getByRole('button', { name: /^Notifications/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Notifications' });
  // Nobody is there to say yes: Chromium without a window refuses by itself.
  const turnOn = dialog.getByRole('button', { name: 'Turn on' });
  await turnOn.click();
  await dialog.getByText('This browser keeps notifications from this page.').waitFor();
  expect(await turnOn.count()).toBe(0);
  await context.close();
});
