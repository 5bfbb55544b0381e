import type { Route } from 'playwright-core';
import { messages, outside } from '../e2e/people.ts';
import { pillOf, startPages, type Pages, type Visit } from './pages.ts';

let pages: Pages;
let people: ReturnType<typeof outside>;
beforeAll(async () => {
  pages = await startPages();
  people = outside(pages.payfan);
});
afterAll(() => pages.stop());

/** How the mail server behaves from now on; nothing said is well. */
const behave = (behaviour: object) =>
  people.call(`${pages.payfan.mailApi}/behaviour`, 'demo_operator', { method: 'PUT', body: behaviour });

async function atOperations(): Promise<Visit> {
  const visit = await pages.visit();
  await visit.signIn('Operator');
  await visit.page.goto('/operations');
  return visit;
}

test('a refused mailbox: the letter is seen by its error, opened, and replayed; then its mail comes once', async () => {
  await behave({ reject: ['ravi@example.com'] });
  const { page, context, complaints } = await atOperations();
  // Its table, while there is one, has the same name.
  const panel = page.getByRole('region', { name: 'Dead letters', exact: true }).first();
  await panel.getByText('Nothing was given up').waitFor();
  const { body: transfer } = await people.pay(10_000);

  const group = panel.getByRole('row').filter({ hasText: '550' });
  await group.waitFor();
  expect(await panel.getByRole('row').count()).toBe(2);
  expect(await group.innerText()).toMatch(/^1\s+[^]*email\s*Rejected/);

  // What the last filter matched is to be seen until it is known what this one does, and is not replayed by it.
  const held: Route[] = [];
  let isHolding = true;
  await context.route(/\/dead-letters\/groups\?.*q=/, async (route) => {
    if (isHolding) held.push(route);
    else await route.continue();
  });
  const search = panel.getByLabel('Search in errors and messages');
  await search.fill('what nobody has ever said');
  await panel.getByRole('button', { name: 'Replay all…', disabled: true }).waitFor();
  await group.getByRole('button', { name: 'Replay…', disabled: true }).waitFor();
  isHolding = false;
  for (const route of held) await route.continue();
  await panel.getByText('Nothing matches').waitFor();
  await search.fill('');

  await group.getByRole('button', { name: 'Show' }).click();
  await panel.getByRole('button', { name: /^email-\d+$/ }).click();
  const letter = page.getByRole('dialog', { name: /^Dead letter email-\d+$/ });
  const payload = JSON.parse(await letter.getByRole('region', { name: 'Payload' }).innerText()) as unknown;
  expect(payload).toMatchObject({
    data: { transferId: transfer.id, payee: { email: 'ravi@example.com' } },
  });

  await behave({});
  await letter.getByRole('button', { name: 'Replay…' }).click();
  const replay = page.getByRole('dialog', { name: 'Replay dead letters' });
  await replay.getByText('Dry run: 1 letter would be sent round again.').waitFor();
  const start = replay.getByRole('button', { name: 'Replay 1 letter' });
  expect(await start.isDisabled()).toBe(true);
  await replay.getByLabel('Type 1 to confirm').fill('2');
  expect(await start.isDisabled()).toBe(true);
  // Looking at it has sent nothing.
  expect((await people.deliveriesOf(transfer.id)).filter(({ status }) => status === 'dead')).toHaveLength(1);
  await replay.getByLabel('Type 1 to confirm').fill('1');
  await start.click();
  await replay.getByText('1 of 1 letter replayed.').waitFor();
  await replay.getByRole('button', { name: 'Done' }).click();
  await panel.getByText('Nothing matches').waitFor();

  const inbox = page.getByRole('region', { name: 'Inbox' });
  const mails = inbox.getByRole('listitem').filter({ hasText: 'To ravi@example.com' });
  const subject = (amount: string) =>
    mails.getByText(`You received ₹${amount} from Asha Rao`, { exact: true });
  await subject('100.00').waitFor();
  // One that comes after it through the same queues: when it is told, a second one would have been.
  const { body: later } = await people.pay(700);
  await people.everybodyTold(later.id);
  await subject('7.00').waitFor();
  expect(await mails.count()).toBe(2);
  await subject('100.00').click();
  await mails.getByText(transfer.id).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});

test('the inbox shows what was sent by SMS, newest first', async () => {
  const { body: transfer } = await people.pay(4_200);
  await people.everybodyTold(transfer.id);
  const { page, context, complaints } = await atOperations();
  const inbox = page.getByRole('region', { name: 'Inbox' });
  await inbox.getByRole('radio', { name: 'SMS' }).check();
  const list = inbox.getByRole('region', { name: 'SMS, newest first' }).getByRole('listitem');
  // An SMS has room for the end of the transfer's id.
  const isAbout = transfer.id.slice(-12);
  await list.filter({ hasText: isAbout }).nth(1).waitFor();
  const told = (await messages(pages.payfan)).filter(({ body }) => body.includes(isAbout));
  expect(told.map(({ to }) => to).sort()).toEqual(['+917010233310', '+917010233311']);
  const shown = (await list.allInnerTexts()).slice(0, 2);
  for (const { body } of told) expect(shown).toContainEqual(expect.stringContaining(body));
  expect(complaints).toEqual([]);
  await context.close();
});

test('a gateway is drained: its clients move to the one that comes after it, and miss nothing', async () => {
  const asha = await pages.visit();
  await asha.signIn('Asha Rao');
  const pill = pillOf(asha.page);
  await pill('Live').waitFor();
  const { page, context } = await atOperations();
  const row = page
    .getByRole('region', { name: 'Gateways', exact: true })
    .getByRole('table')
    .getByRole('row')
    .nth(1);
  await row.getByText('Serving').waitFor();

  await row.getByRole('button', { name: /^Drain / }).click();
  const question = page.getByRole('dialog', { name: 'Drain this gateway?' });
  await question.getByText('(1 now)').waitFor();
  const held: Route[] = [];
  await context.route('**/drain', (route) => void held.push(route));
  const drain = question.getByRole('button', { name: 'Drain', exact: true });
  await drain.press('Enter');
  // Until there is an answer it is this gateway's question.
  await question.locator('button:focus[aria-busy="true"]').waitFor();
  expect(await question.getByRole('button', { name: 'Cancel' }).isDisabled()).toBe(true);
  await page.keyboard.press('Escape');
  for (const route of held) await route.abort();
  await question.getByRole('alert').getByText('The operations service does not answer.').waitFor();
  await context.unroute('**/drain');
  await drain.press('Enter');
  await page.getByRole('status').getByText('asks its clients to move').waitFor();
  // The button that asked has gone with the row's state.
  await page.locator('main:focus').waitFor();
  expect(await pages.payfan.program('gateway').exited).toEqual({ code: 0, signal: null });
  await pill(/^Live connection: Reconnecting/).waitFor();
  await row.getByText('No answer').waitFor();

  await people.pay(100, { note: 'while nobody could tell' });
  await pages.payfan.restart('gateway');
  await pill('Live').waitFor();
  await asha.page.getByText('while nobody could tell').first().waitFor();
  await row.getByText('Serving').waitFor();
  await asha.context.close();
  await context.close();
});

test('what cannot be renewed is said to be old, and is new again when it can', async () => {
  const { page, context } = await atOperations();
  const queues = page.getByRole('region', { name: 'Queues', exact: true });
  // Nothing waits, and so nothing is the oldest that does.
  const oldest = queues.getByRole('row').filter({ hasText: 'Interactive' }).first().locator('td').nth(6);
  await oldest.getByText('–', { exact: true }).waitFor();

  await context.setOffline(true);
  const old = queues.getByRole('status').filter({ hasText: /As of \d\d:\d\d:\d\d/ });
  await old.getByText('The operations service does not answer.').waitFor();
  await queues.getByRole('button', { name: 'Try again' }).waitFor();
  // What it last showed is there to be read.
  await queues.getByText('Interactive').first().waitFor();

  await context.setOffline(false);
  await old.waitFor({ state: 'detached' });
  await context.close();
});

test('a channel that is away is not taken for one without dead letters', async () => {
  const { page, context } = await atOperations();
  const panel = page.getByRole('region', { name: 'Dead letters', exact: true }).first();
  await panel.getByText('Nothing was given up').waitFor();
  await pages.payfan.program('email').kill();
  await panel.getByText('Without email: no answer from there').waitFor();
  expect(await panel.getByText('Nothing was given up').count()).toBe(0);
  await pages.payfan.restart('email');
  await panel.getByText('Nothing was given up').waitFor();
  await context.close();
});

test('payouts by lane: what is under way, and what is finished', async () => {
  const { page, context, complaints } = await atOperations();
  const panel = page.getByRole('region', { name: 'Payouts by lane', exact: true }).first();
  await panel.getByText('No payouts yet').waitFor();
  const { status } = await people.call(`${pages.payfan.url('payout')}/v1/payouts`, 'demo_ravi', {
    method: 'POST',
    headers: { 'idempotency-key': 'lanes' },
    body: { items: [{ to: '7010233312', amount: 100, currency: 'INR', note: '' }] },
  });
  expect(status).toBe(202);
  await panel.getByRole('row', { name: /^free 0 0 1 none$/i }).waitFor();
  await panel.getByRole('row', { name: /^premium 0 0 0 none$/i }).waitFor();
  expect(complaints).toEqual([]);
  await context.close();
});
