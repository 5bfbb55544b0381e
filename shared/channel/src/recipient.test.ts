import { recipientsOf } from './recipient.ts';
import { somePayout } from './testing/some-payout.ts';
import { someTransfer } from './testing/some-transfer.ts';
import { toldOf } from './told-of.ts';

test('both sides are notified of a transfer', () => {
  const event = someTransfer();
  const { transferId, createdAt, payer, payee } = event.data;
  expect(recipientsOf(event)).toEqual([
    { role: 'payer', party: payer },
    { role: 'payee', party: payee },
  ]);
  expect(toldOf(event)).toEqual({ transferId, committedAt: createdAt });
});

test('only the payee is notified of a transfer of a payout, and the payer may see it', () => {
  const event = someTransfer({ lane: 'bulk', payoutId: '018f0000-0000-7000-8000-00000000000c' });
  const { transferId, createdAt, payer, payee } = event.data;
  expect(recipientsOf(event)).toEqual([{ role: 'payee', party: payee }]);
  expect(toldOf(event)).toEqual({ transferId, committedAt: createdAt, untoldPayerId: payer.accountId });
});

test('the owner of a payout is notified of it, as of its completion', () => {
  const event = somePayout();
  const { payoutId, completedAt, owner } = event.data;
  expect(recipientsOf(event)).toEqual([{ role: 'payer', party: owner }]);
  expect(toldOf(event)).toEqual({ payoutId, committedAt: completedAt });
});
