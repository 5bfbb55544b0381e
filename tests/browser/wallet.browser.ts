import type { Route } from 'playwright-core';
import { outside } from '../e2e/people.ts';
import { ask, startPages, type Pages, type Visit } from './pages.ts';

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(() => pages.stop());

/** Fills the form in, up to the last question. */
async function review(
  { page }: Visit,
  { to, amount, note = '' }: { to: string; amount: string; note?: string },
) {
  await page.getByLabel('Phone number').fill(to);
  await page.getByLabel('Amount in rupees').fill(amount);
  await page.getByLabel('Note').fill(note);
  await page.getByRole('button', { name: 'Review' }).click();
}

/** When the timeline's first entry is on the page. */
const NOTE_FIRST_ENTRY = `globalThis.shownAt = new Promise((resolve) => {
  const look = () => {
    if (document.querySelector('section[aria-label="Money"] li') !== null) resolve(performance.now());
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}); 0`;
/** How long after the API's answer that was, in milliseconds. */
const SHOWN_AFTER_ANSWER_MS = `shownAt.then((at) => {
  const answers = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/v1/transfers'));
  return at - Math.max(...answers.map(({ responseEnd }) => responseEnd));
})`;

test('₹100 to 7010233311: six alerts arrive without a reload, and the payee’s page shows the money', async () => {
  const asha = await pages.visit();
  const ravi = await pages.visit();
  await Promise.all([asha.signIn('Asha Rao'), ravi.signIn('Ravi Kumar')]);
  await ravi.page.getByText('₹1,000.00').first().waitFor();

  const { page } = asha;
  for (const visit of [asha, ravi]) await ask(visit, 'globalThis.isSamePage = true');
  await review(asha, { to: '7010233311', amount: '100', note: 'lunch' });
  await page.getByRole('dialog').getByText('+91 70102 33311').waitFor();
  await page.getByRole('button', { name: 'Send ₹100.00' }).click();

  const money = page.getByRole('region', { name: 'Money' });
  await money.getByText('Debited').waitFor();
  await money.getByText('₹100.00 from you').waitFor();
  await money.getByText('Credited').waitFor();
  for (const whom of ['payer', 'payee']) {
    const told = page.getByRole('region', { name: `Telling the ${whom}` });
    await expect(told.getByText('sent', { exact: true }).nth(2).waitFor()).resolves.toBeUndefined();
  }
  await page.keyboard.press('Escape');
  await page.getByText('₹99,900.00').first().waitFor();
  await ravi.page.getByText('₹100.00 from Asha Rao').first().waitFor();
  await ravi.page.getByText('₹1,100.00').first().waitFor();
  await ravi.page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor();
  for (const visit of [asha, ravi]) expect(await ask(visit, 'globalThis.isSamePage')).toBe(true);
  expect([...asha.complaints, ...ravi.complaints]).toEqual([]);
  await asha.context.close();
  await ravi.context.close();
});

test('the timeline’s first entry is there within 300 ms of the answer', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  await visit.signIn('Asha Rao');
  const afterAnswerMs: number[] = [];
  for (const note of ['tea', 'coffee', 'milk', 'sugar', 'biscuits']) {
    await review(visit, { to: '7010233311', amount: '1', note });
    await ask(visit, NOTE_FIRST_ENTRY);
    await page.getByRole('button', { name: 'Send ₹1.00' }).click();
    await page.getByRole('region', { name: 'Money' }).getByText('Debited').waitFor();
    afterAnswerMs.push(await ask<number>(visit, SHOWN_AFTER_ANSWER_MS));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
  }
  // Of the fastest: whatever else a machine does only adds to it.
  const fastestMs = Math.min(...afterAnswerMs);
  process.stderr.write(`The timeline: its first entry ${fastestMs.toFixed(0)} ms after the answer\n`);
  expect(fastestMs).toBeLessThan(300);
  await context.close();
});

test('no notification is sent for an opening balance, and its timeline says so', async () => {
  const { page, context, signIn } = await pages.visit();
  await signIn('Meera Iyer');
  await page.getByRole('button', { name: /^Treasury/ }).click();
  const timeline = page.getByRole('dialog', { name: 'From Treasury' });
  await timeline.getByText('Nobody is told of an opening balance.').waitFor();
  expect(await timeline.getByText('waiting').count()).toBe(0);
  await context.close();
});

test('a payee who is unknown is refused in words, and nothing moves', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  await visit.signIn('Meera Iyer');
  await review(visit, { to: '9876543210', amount: '1' });
  await page.getByRole('button', { name: 'Send ₹1.00' }).click();
  await expect(
    page
      .getByRole('alert')
      .getByText(/nobody|phone|wallet/i)
      .first()
      .waitFor(),
  ).resolves.toBeUndefined();
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByText('₹1,000.00').first().waitFor();
  await context.close();
});

test('an amount is grouped while it is typed, also in its middle', async () => {
  const { page, context, signIn } = await pages.visit();
  await signIn('Meera Iyer');
  const amount = page.getByLabel('Amount in rupees');
  await amount.pressSequentially('100000.5');
  expect(await amount.inputValue()).toBe('1,00,000.5');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('23');
  expect(await amount.inputValue()).toBe('1,23,00,000.5');
  await page.keyboard.press('Backspace');
  expect(await amount.inputValue()).toBe('12,00,000.5');
  await context.close();
});

/** What has the keyboard, and whether that is to be seen. */
const FOCUSED = `(({ activeElement }) => ({
  text: activeElement.textContent.trim() || activeElement.labels?.[0]?.textContent || activeElement.ariaLabel,
  isSeen: getComputedStyle(activeElement).outlineStyle === 'solid',
}))(document)`;

test('money is sent by keyboard alone, and what has the keyboard is seen', async () => {
  const visit = await pages.visit({ reducedMotion: 'reduce' });
  const { page, context } = visit;
  await visit.signIn('Asha Rao');
  // As somebody who has just come: from the beginning of the page.
  await page.goto('/');
  await page.getByRole('button', { name: /^Live connection: Live$/ }).waitFor();
  /** Goes on to what begins so, and says what was passed on the way. */
  const tabTo = async (text: string) => {
    const passed: string[] = [];
    while (passed.length < 20) {
      await page.keyboard.press('Tab');
      const focused = await ask<{ text: string; isSeen: boolean }>(visit, FOCUSED);
      passed.push(focused.text);
      if (!focused.isSeen) throw new Error(`It cannot be seen that ${focused.text} has the keyboard.`);
      if (focused.text.startsWith(text)) return passed;
    }
    throw new Error(`${text} is not reached: ${passed.join(', ')}`);
  };
  expect((await tabTo('Phone number'))[0]).toBe('Skip to content');
  await page.keyboard.type('7010233311');
  await tabTo('Amount in rupees');
  await page.keyboard.type('1');
  await tabTo('Note');
  await page.keyboard.type('without a mouse');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Send this?' }).waitFor();
  await tabTo('Send ₹1.00');
  await page.keyboard.press('Enter');
  const timeline = page.getByRole('dialog', { name: 'To +91 70102 33311' });
  await timeline.getByText('Debited').waitFor();
  await page.keyboard.press('Escape');
  await timeline.waitFor({ state: 'detached' });
  // The form that was sent is gone, and the button with it: the page's content goes on from here.
  await page.locator('main:focus').waitFor();
  await page.getByText('without a mouse').first().waitFor();
  await context.close();
});

test('an answer that is lost: pressed again, the money moves once; changed meanwhile, the page says what happened', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  const people = outside(pages.payfan);
  await visit.signIn('Asha Rao');
  const before = await people.balanceOf('demo_meera');
  const keys: (string | undefined)[] = [];
  let isLosing = true;
  await context.route('**/v1/transfers', async (route) => {
    keys.push(route.request().headers()['idempotency-key']);
    if (!isLosing) return route.continue();
    await route.fetch();
    return route.abort();
  });
  const question = page.getByRole('dialog', { name: 'Send this?' });
  const press = (amount: string) => question.getByRole('button', { name: `Send ₹${amount}` }).click();
  const alert = question.getByRole('alert');
  const timeline = page.getByRole('dialog', { name: 'To +91 70102 33312' });

  await review(visit, { to: '7010233312', amount: '3', note: 'lost once' });
  await press('3.00');
  await alert.getByText('The transaction service does not answer.').waitFor();
  isLosing = false;
  await press('3.00');
  await timeline.getByText('Debited').waitFor();
  await page.keyboard.press('Escape');
  expect(new Set(keys).size).toBe(1);
  expect(await people.balanceOf('demo_meera')).toBe(before + 300);

  isLosing = true;
  await review(visit, { to: '7010233312', amount: '4', note: 'lost, then changed' });
  await press('4.00');
  await alert.getByText('The transaction service does not answer.').waitFor();
  isLosing = false;
  await question.getByRole('button', { name: 'Back' }).click();
  await page.getByLabel('Amount in rupees').fill('5');
  await page.getByRole('button', { name: 'Review' }).click();
  await press('5.00');
  await alert.getByText(/^An earlier attempt went through/).waitFor();
  expect(await people.balanceOf('demo_meera')).toBe(before + 700);
  await press('5.00');
  await timeline.getByText('Debited').waitFor();
  expect(await people.balanceOf('demo_meera')).toBe(before + 1_200);
  // One for each form, and another once its own was used up.
  expect(new Set(keys).size).toBe(3);
  await context.close();
});

test('what could not be read is an error, with the name of its request and another attempt', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  await context.route('**/v1/accounts/me/entries*', (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/problem+json',
      headers: {
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'x-request-id',
        'x-request-id': 'r-17',
      },
      body: JSON.stringify({ code: 'temporarily_unavailable', detail: 'The ledger is away.' }),
    }),
  );
  await visit.signIn('Meera Iyer');
  const history = page.getByRole('region', { name: 'History' });
  await history.getByRole('alert').getByText('The ledger is away.').waitFor();
  await history.getByText('Request r-17').waitFor();
  // Each attempt has another name: read out, they would have no end.
  expect(await history.getByRole('alert').innerText()).toBe('The ledger is away.');
  await context.unroute('**/v1/accounts/me/entries*');
  await history.getByRole('button', { name: 'Try again' }).click();
  await history.getByRole('button', { name: /^Treasury/ }).waitFor();
  await context.close();
});

test('a theme that was chosen is the chosen one when the menu is opened again', async () => {
  const { page, context, signIn } = await pages.visit();
  await signIn('Meera Iyer');
  const menu = page.getByRole('button', { name: 'Account: Meera Iyer' });
  const dark = page.getByRole('dialog', { name: 'Account' }).getByRole('radio', { name: 'Dark' });
  await menu.click();
  await dark.check();
  await page.keyboard.press('Escape');
  await dark.waitFor({ state: 'detached' });
  await menu.click();
  expect(await dark.isChecked()).toBe(true);
  await context.close();
});

test('a part of the page that cannot be fetched takes nothing of it down, and is fetched when it is asked for again', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  await visit.signIn('Meera Iyer');
  await page.getByRole('button', { name: 'Live connection: Live', exact: true }).waitFor();
  const parts = '**/_next/static/chunks/**';
  await context.route(parts, (route) => route.abort());
  const told = page.getByRole('alert').getByText('A part of this page could not be fetched.');
  await review(visit, { to: '7010233311', amount: '1', note: 'typed once' });
  await told.first().waitFor();
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await told.nth(1).waitFor();
  expect(await page.getByRole('dialog').count()).toBe(0);
  expect(await page.getByLabel('Note').inputValue()).toBe('typed once');

  await context.unroute(parts);
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await page.getByRole('dialog', { name: 'Notifications' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Review' }).click();
  await page.getByRole('dialog', { name: 'Send this?' }).waitFor();
  await context.close();
});

test('closing a message in the corner does not close the dialog beside it', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  await visit.signIn('Meera Iyer');
  await page.getByRole('button', { name: 'Live connection: Live', exact: true }).waitFor();
  await review(visit, { to: '7010233311', amount: '1' });
  const question = page.getByRole('dialog', { name: 'Send this?' });
  await question.waitFor();
  await outside(pages.payfan).pay(700, { from: 'demo_ravi', to: '7010233312', note: 'meanwhile' });
  const corner = page.locator('[data-toast]');
  await corner.getByText('₹7.00 from Ravi Kumar').waitFor();
  await corner.getByLabel('Close').click();
  await corner.getByText('₹7.00 from Ravi Kumar').waitFor({ state: 'detached' });
  expect(await question.isVisible()).toBe(true);
  await context.close();
});

test('what is wrong in the form is gone to, and a button that works keeps the keyboard', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  await visit.signIn('Meera Iyer');
  const ready = page.getByRole('button', { name: 'Review' });
  await ready.click();
  await page.locator('input[type="tel"]:focus[aria-invalid="true"]').waitFor();
  await page.keyboard.type('7010233311');
  await ready.click();
  await page.locator('input[inputmode="decimal"]:focus[aria-invalid="true"]').waitFor();
  await page.keyboard.type('1');

  const held: Route[] = [];
  await context.route('**/v1/transfers', (route) => void held.push(route));
  await ready.click();
  const question = page.getByRole('dialog', { name: 'Send this?' });
  await question.getByRole('button', { name: 'Send ₹1.00' }).press('Enter');
  await question.locator('button:focus[aria-busy="true"]').waitFor();
  // Pressed again meanwhile it does nothing.
  await page.keyboard.press('Enter');
  for (const route of held) await route.abort();
  expect(held).toHaveLength(1);
  await question.getByRole('alert').getByText('The transaction service does not answer.').waitFor();
  expect(await question.locator('button:focus').innerText()).toBe('Send ₹1.00');
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  await page.locator('button:focus', { hasText: 'Review' }).waitFor();
  await context.close();
});
