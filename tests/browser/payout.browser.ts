import { readFileSync } from 'node:fs';
import { outside } from '../e2e/people.ts';
import { ask, startPages, type Pages, type Visit } from './pages.ts';

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(() => pages.stop());

const HEADER = 'to,amount,currency,note';
const UNKNOWN = '9876543210';

/** A file of payments of ₹1 to Ravi and Meera in turn, with one in its middle to a number that nobody has. */
function manyPayments(count: number): string {
  const lines = Array.from({ length: count }, (_, index) => `701023331${1 + (index % 2)},100,INR,`);
  lines.splice(count / 2, 0, `${UNKNOWN},100,INR,whoever it is`);
  return `${[HEADER, ...lines].join('\n')}\n`;
}

const choose = ({ page }: Visit, name: string, text: string) =>
  page
    .getByLabel(/^Drop a CSV file/)
    .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text, 'utf8') });

/** As from a folder beside the browser. */
const drop = (visit: Visit, name: string, text: string) =>
  ask(
    visit,
    `{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}, { type: 'text/csv' }));
      const zone = document.querySelector('label:has(input[type=file])');
      for (const type of ['dragenter', 'dragover', 'drop']) {
        zone.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
      }
    }`,
  );

/** What a browser does with a file that is dropped beside everything: nothing, where the page has seen to that. */
const MISSED = `!document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true }))`;

const payoutsOfAsha = async () => {
  const { call } = outside(pages.payfan);
  return (await call<{ data: { id: string }[] }>(`${pages.payfan.url('payout')}/v1/payouts`, 'demo_asha'))
    .body.data;
};

test('a file with mistakes, dropped, shows them by line and is not sent; a good one is paid before one’s eyes, with its results', async () => {
  const visit = await pages.visit();
  const { page } = visit;
  await visit.signIn('Asha Rao');
  await page.getByText('₹1,00,000.00').first().waitFor();
  await page.goto('/payouts');
  await page.getByText('No payouts yet').waitFor();
  await ask(visit, 'globalThis.isSamePage = true');
  expect(await ask(visit, MISSED)).toBe(true);

  await drop(
    visit,
    'mistakes.csv',
    `${HEADER}\n7010233311,100,INR,tea\n7010233311,ten,INR,tea\nnobody,100,USD,\n`,
  );
  const mistakes = page.getByRole('region', { name: 'Mistakes in the file' }).getByRole('row');
  await mistakes.first().waitFor();
  // What is read out at once is that there are some, and not each of them.
  expect(await page.getByRole('alert').filter({ hasText: 'Mistakes' }).innerText()).toBe(
    'Mistakes in the file',
  );
  expect(await mistakes.allInnerTexts()).toEqual([
    expect.stringMatching(/^Line\s+Column\s+What is wrong$/),
    expect.stringMatching(/^3\s+amount\s+must be a whole number of minor units/),
    expect.stringMatching(/^4\s+to\s+must be a phone number/),
    expect.stringMatching(/^4\s+currency\s+must be INR$/),
  ]);
  await page.getByText('Nothing has been sent.').waitFor();
  expect(await payoutsOfAsha()).toEqual([]);

  await page.getByRole('button', { name: 'Another file' }).click();
  await choose(visit, 'salaries.csv', manyPayments(1_200));
  await page.getByRole('button', { name: 'Pay 1,201 lines' }).click();
  const question = page.getByRole('dialog', { name: 'Pay ₹1,201.00?' });
  await question.getByText('1,201 lines of salaries.csv').waitFor();
  expect(await payoutsOfAsha()).toEqual([]);
  await question.getByRole('button', { name: 'Pay now' }).click();

  const progress = page.getByRole('region', { name: 'Progress', exact: true });
  await progress.getByText('Completed, some failed').waitFor();
  await progress.getByText('1,201 of 1,201 lines · 100 %').waitFor();
  expect(await progress.getByRole('progressbar').getAttribute('aria-valuetext')).toBe('1,201 of 1,201');
  const counts = await progress.getByRole('definition').allInnerTexts();
  expect(counts).toEqual(['1,200', '1', '0']);
  const failed = progress.getByRole('region', { name: 'Lines that failed' }).getByRole('row');
  await failed.nth(1).waitFor();
  expect(await failed.count()).toBe(2);
  expect(await failed.nth(1).innerText()).toMatch(/^602\s+\+91 98765 43210\s+₹1\.00\s+\S/);
  await page.getByRole('region', { name: 'Your payouts' }).getByText('Completed, some failed').waitFor();

  const arriving = page.waitForEvent('download');
  await progress.getByRole('button', { name: 'Results' }).click();
  const download = await arriving;
  const [payout] = await payoutsOfAsha();
  expect(download.suggestedFilename()).toBe(`payout-${payout?.id}.csv`);
  const [columns, ...lines] = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split(/\r?\n/);
  expect(columns).toBe('line,to,amount,currency,note,status,transferId,code,detail');
  expect(lines.map((line) => parseInt(line, 10))).toEqual(lines.map((_, index) => index + 2));
  expect(lines).toHaveLength(1_201);
  expect(lines[0]).toMatch(/^2,\+917010233311,100,INR,,succeeded,[\w-]+,,$/);
  expect(lines.filter((line) => !line.includes(',succeeded,'))).toEqual([
    expect.stringMatching(new RegExp(`^602,\\+91${UNKNOWN},100,INR,whoever it is,failed,,\\w+,.`)),
  ]);

  expect(await ask(visit, 'globalThis.isSamePage')).toBe(true);
  await page.getByRole('link', { name: 'Wallet' }).click();
  await page.getByText('₹98,800.00').first().waitFor();
  const { balanceOf } = outside(pages.payfan);
  expect([await balanceOf('demo_ravi'), await balanceOf('demo_meera')]).toEqual([160_000, 160_000]);
  expect(visit.complaints).toEqual([]);
  await visit.context.close();
});

test('a payout is stopped midway: what was paid stays paid, the rest is left out, and the keyboard stays where it was', async () => {
  const visit = await pages.visit();
  const { page } = visit;
  await visit.signIn('Asha Rao');
  await page.goto('/payouts');
  await choose(visit, 'bonus.csv', manyPayments(20_000));
  await page.getByRole('button', { name: 'Pay 20,001 lines' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Pay now' }).click();

  const progress = page.getByRole('region', { name: 'Progress', exact: true });
  const stop = progress.getByRole('button', { name: 'Cancel payout' });
  await stop.click();
  const question = page.getByRole('dialog', { name: 'Cancel what is left of this payout?' });
  // The news that it is over may come before the answer, while the question is still there.
  await visit.context.route('**/cancel', async (route) => {
    const response = await route.fetch();
    await page.locator('[role="status"]', { hasText: /^Cancelled$/ }).waitFor();
    await route.fulfill({ response });
  });
  await question.getByRole('button', { name: 'Cancel payout' }).click();
  await progress.getByRole('status').getByText('Cancelled', { exact: true }).waitFor();
  await page.getByText('Payout cancelled').waitFor();

  const [paid = 0, failed = 0, cancelled = 0] = (await progress.getByRole('definition').allInnerTexts()).map(
    (text) => Number(text.replaceAll(',', '')),
  );
  expect(paid + failed + cancelled).toBe(20_001);
  expect(cancelled).toBeGreaterThan(0);
  const { balanceOf } = outside(pages.payfan);
  expect(await balanceOf('demo_asha')).toBe(9_880_000 - 100 * paid);
  expect(await ask(visit, 'document.activeElement.textContent')).toBe('Cancel payout');
  expect(await stop.getAttribute('aria-disabled')).toBe('true');
  await progress.getByRole('button', { name: 'Results' }).focus();
  await stop.waitFor({ state: 'detached' });
  expect(visit.complaints).toEqual([]);
  await visit.context.close();
});

test('what the page asks about is what is paid, and nothing is paid where the service reads something else', async () => {
  const visit = await pages.visit();
  const { page } = visit;
  await visit.signIn('Asha Rao');
  await page.goto('/payouts');
  const payoutsBefore = await payoutsOfAsha();
  const file = [
    HEADER,
    '7010233311,100,INR,',
    'nobody,100,INR,',
    `7010233311,\u00a01000\u00a0,INR,${'🎉'.repeat(71)}`,
  ];
  await choose(visit, 'blanks.csv', file.join('\n'));
  const send = page.getByRole('button', { name: 'Send the good lines' });
  const question = page.getByRole('dialog', { name: 'Pay ₹11.00?' });
  const payNow = async () => {
    await send.click();
    await question.getByText('2 lines of blanks.csv').waitFor();
    await question.getByRole('button', { name: 'Pay now' }).click();
  };

  // A service with other rules than the page would find another sum.
  await visit.context.route('**/v1/payouts', (route) =>
    route.request().method() === 'POST'
      ? route.continue({ headers: { ...route.request().headers(), 'payfan-expect': 'total=1, amount=100' } })
      : route.fallback(),
  );
  await payNow();
  await page
    .getByText(/This request pays 1100 in 2 lines, but its sender was shown 100 in 1 lines/)
    .waitFor();
  await page.getByText('Reload the page, then choose the file again.').waitFor();
  expect(await payoutsOfAsha()).toEqual(payoutsBefore);

  await visit.context.unroute('**/v1/payouts');
  const sending = page.waitForRequest(
    (request) => request.method() === 'POST' && request.url().endsWith('/v1/payouts'),
  );
  await payNow();
  const request = await sending;
  expect(await request.headerValue('payfan-expect')).toBe('total=2, amount=1100');
  const progress = page.getByRole('region', { name: 'Progress', exact: true });
  await progress.getByText('2 of 2 lines · 100 %').waitFor();
  const [payout] = await payoutsOfAsha();
  const { call } = outside(pages.payfan);
  const { body } = await call<{ data: { line: number; amount: number }[] }>(
    `${pages.payfan.url('payout')}/v1/payouts/${payout?.id}/items`,
    'demo_asha',
  );
  expect(body.data.map(({ line, amount }) => [line, amount])).toEqual([
    [2, 100],
    [4, 1_000],
  ]);
  // Browsers write down any answer of 4xx.
  expect(visit.complaints.filter((text) => !text.includes('409 (Conflict)'))).toEqual([]);
  await visit.context.close();
});

test('lines that only the service refuses leave the file in one step, also those that its answer does not describe', async () => {
  const visit = await pages.visit();
  const { page } = visit;
  await visit.signIn('Asha Rao');
  await page.goto('/payouts');
  const lines = Array.from({ length: 300 }, () => '7010233311,100,INR,');
  await choose(visit, 'many.csv', [HEADER, ...lines].join('\n'));
  // As a service does that limits the lines to one payee, of which the page knows nothing.
  const rejectedLines = lines.map((_, index) => index + 2).slice(10);
  const errors = rejectedLines
    .slice(0, 100)
    .map((line) => ({ line, path: 'to', message: 'is one too many' }));
  await visit.context.route('**/v1/payouts', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({
          status: 400,
          contentType: 'application/problem+json',
          headers: { 'access-control-allow-origin': '*' },
          body: JSON.stringify({ code: 'invalid_request', errors, errorCount: 290, rejectedLines }),
        })
      : route.fallback(),
  );
  await page.getByRole('button', { name: 'Pay 300 lines' }).click();
  await page.getByRole('dialog', { name: 'Pay ₹300.00?' }).getByRole('button', { name: 'Pay now' }).click();
  await page.getByText('the first 100 of 290').waitFor();
  await page.getByRole('button', { name: 'Send the good lines' }).click();
  await page.getByRole('dialog', { name: 'Pay ₹10.00?' }).getByText('10 lines of many.csv').waitFor();
  // Browsers write down any answer of 4xx.
  expect(visit.complaints.filter((text) => !text.includes('400 (Bad Request)'))).toEqual([]);
  await visit.context.close();
});
