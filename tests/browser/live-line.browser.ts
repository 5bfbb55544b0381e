import { randomUUID } from 'node:crypto';
import { startPages, type Pages } from './pages.ts';

let pages: Pages;
beforeAll(async () => {
  pages = await startPages();
});
afterAll(() => pages.stop());

async function payAsha(): Promise<void> {
  const answer = await fetch(`${pages.payfan.url('transaction')}/v1/transfers`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer demo_ravi',
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
    body: JSON.stringify({ to: '7010233310', amount: 10_000, currency: 'INR' }),
  });
  if (!answer.ok) throw new Error(`The transfer was refused: ${answer.status} ${await answer.text()}`);
}

test('a gateway that dies: the page says so, and catches up with what it missed when there is one again', async () => {
  const { page, context, signIn } = await pages.visit();
  await signIn('Asha Rao');
  const pill = (text: string | RegExp) =>
    page.getByRole('button', {
      name: typeof text === 'string' ? `Live connection: ${text}` : text,
      exact: true,
    });
  await pill('Live').waitFor();
  await page.getByText('₹1,00,000.00').first().waitFor();

  await pages.payfan.program('gateway').kill();
  await pill(/^Live connection: Reconnecting/).waitFor();
  await payAsha();
  const caughtUp = pill(/^Live connection: Caught up: [1-9]\d* missed/).waitFor({ timeout: 60_000 });
  await Promise.all([caughtUp, pages.payfan.restart('gateway')]);
  await pill('Live').waitFor();
  await page.getByText('₹1,00,100.00').first().waitFor();
  await context.close();
});
