import { startPages, type Pages } from './pages.ts';

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(() => pages.stop());

test('₹100 to 7010233311: six alerts arrive without a reload, and the payee’s page shows the money', async () => {
  const asha = await pages.visit();
  const ravi = await pages.visit();
  await Promise.all([asha.signIn('Asha Rao'), ravi.signIn('Ravi Kumar')]);
  await ravi.page.getByText('₹1,000.00').first().waitFor();

  const { page } = asha;
  await page.getByLabel('Phone number').fill('7010233311');
  await page.getByLabel('Amount in rupees').fill('100');
  await page.getByLabel('Note').fill('lunch');
  await page.getByRole('button', { name: 'Review' }).click();
  await page.getByRole('button', { name: 'Send ₹100.00' }).click();

  for (const whom of ['payer', 'payee']) {
    const told = page.getByRole('region', { name: `Telling the ${whom}` });
    await expect(told.getByText('sent', { exact: true }).nth(2).waitFor()).resolves.toBeUndefined();
  }
  await page.keyboard.press('Escape');
  await page.getByText('₹99,900.00').first().waitFor();
  await ravi.page.getByText('₹100.00 from Asha Rao').first().waitFor();
  await ravi.page.getByText('₹1,100.00').first().waitFor();
  await ravi.page.getByRole('button', { name: 'Notifications, 1 unread' }).waitFor();
  expect([...asha.complaints, ...ravi.complaints]).toEqual([]);
  await asha.context.close();
  await ravi.context.close();
});

test('a payee who is unknown is refused in words, and nothing moves', async () => {
  const { page, context, signIn } = await pages.visit();
  await signIn('Meera Iyer');
  await page.getByLabel('Phone number').fill('9876543210');
  await page.getByLabel('Amount in rupees').fill('1');
  await page.getByRole('button', { name: 'Review' }).click();
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
