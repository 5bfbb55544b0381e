import { waitFor } from '@payfan/stack/testing';
import { outside } from '../e2e/people.ts';
import { ask, compareTen, pillOf, startPages, type Pages } from './pages.ts';

let pages: Pages;
let people: ReturnType<typeof outside>;
beforeAll(async () => {
  pages = await startPages();
  people = outside(pages.payfan);
});
afterAll(() => pages.stop());

const payAsha = (amount: number, note: string) =>
  people.pay(amount, { from: 'demo_ravi', to: '7010233310', note });

test('a gateway that dies: the page says so, and catches up with what it missed when there is one again', async () => {
  const { page, context, signIn } = await pages.visit();
  await signIn('Asha Rao');
  const pill = pillOf(page);
  await pill('Live').waitFor();
  await page.getByText('₹1,00,000.00').first().waitFor();

  await pages.payfan.program('gateway').kill();
  await pill(/^Live connection: Reconnecting/).waitFor();
  await payAsha(10_000, 'unheard');
  const caughtUp = pill(/^Live connection: Caught up: [1-9]\d* missed/).waitFor();
  await Promise.all([caughtUp, pages.payfan.restart('gateway')]);
  await pill('Live').waitFor();
  await page.getByText('₹1,00,100.00').first().waitFor();
  await context.close();
});

test('without a network the page says of when its data is, on a phone as well, and goes on when there is one', async () => {
  const visit = await pages.visit({ viewport: { width: 360, height: 740 } });
  const { page, context } = visit;
  await visit.signIn('Asha Rao');
  const pill = pillOf(page);
  await pill('Live').waitFor();

  await context.setOffline(true);
  // What a browser has open it may keep open.
  await pages.payfan.program('gateway').kill();
  await pill(/^Live connection: Offline · data as of \d\d:\d\d$/).waitFor();
  expect(await ask(visit, 'document.documentElement.scrollWidth')).toBe(360);
  await payAsha(100, 'while there was no network');

  await pages.payfan.restart('gateway');
  await context.setOffline(false);
  await page.getByText('while there was no network').first().waitFor();
  await pill('Live').waitFor();
  await context.close();
});

test('another transport is a press away, and each tells of the money that comes', async () => {
  const { page, context, signIn, complaints } = await pages.visit();
  await signIn('Asha Rao');
  const pill = pillOf(page);
  const chooser = page.getByRole('dialog', { name: 'Live connection' });
  for (const [transport, words] of [
    ['SSE', 'Over server-sent events.'],
    ['Polling', 'Over polling.'],
    ['WebSocket', 'Over WebSocket.'],
  ] as const) {
    await pill(/^Live connection: /).click();
    await chooser.getByRole('radio', { name: transport, exact: true }).check();
    await chooser.getByText(words).waitFor();
    await page.keyboard.press('Escape');
    await pill('Live').waitFor();
    await payAsha(100, `told over ${transport}`);
    await page.getByText(`told over ${transport}`).first().waitFor();
  }
  expect(complaints).toEqual([]);
  await context.close();
});

/** Its place among the figures of a card. */
const REQUESTS = 2;

test('side by side the three tell the same, and show what each has cost', async () => {
  const visit = await pages.visit();
  const { page, context } = visit;
  await visit.signIn('Asha Rao');
  await page.goto('/compare');
  const cards = await compareTen(page);
  for (const card of cards) {
    const [p50, p99, , bytes, , bytesPerEvent] = await card.getByRole('definition').allInnerTexts();
    for (const late of [p50, p99]) expect(late).toMatch(/^\d[\d.]* m?s$/);
    for (const size of [bytes, bytesPerEvent]) expect(size).toMatch(/^[1-9][\d,.]* K?B$/);
  }
  const requests = () =>
    Promise.all(
      cards.map(async (card) => Number((await card.getByRole('definition').allInnerTexts())[REQUESTS])),
    );
  expect((await requests())[0]).toBe(1);
  // Each answer is followed by the next request, however many events it has brought.
  await waitFor(
    async () => {
      const [, sse = Infinity, polling = 0] = await requests();
      return polling > sse;
    },
    { what: 'polling having asked more often than SSE' },
  );

  const points = `[...document.querySelectorAll('svg[aria-label^="Time from event to arrival"] path')]
    .map((path) => path.getAttribute('d').split('M').length - 1)`;
  expect(await ask(visit, points)).toEqual([10, 10, 10]);
  await page.getByRole('radio', { name: 'Bytes', exact: true }).check();
  const lines = page.getByRole('img', { name: /^Bytes so far/ }).locator('polyline');
  expect(await lines.count()).toBe(3);
  expect(visit.complaints).toEqual([]);
  await context.close();
});
