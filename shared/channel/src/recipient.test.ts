import { recipientsOf } from './recipient.ts';
import { somePayout } from './testing/some-payout.ts';
import { someTransfer } from './testing/some-transfer.ts';
import { toldOf } from './told-of.ts';

test('of a transfer both sides are told', () => {
  const event = someTransfer();
  const { transferId, createdAt, payer, payee } = event.data;
  expect(recipientsOf(event)).toEqual([
    { role: 'payer', party: payer },
    { role: 'payee', party: payee },
  ]);
  expect(toldOf(event)).toEqual({ transferId, committedAt: createdAt });
});

test('of a transfer of a payout the payee alone is told, and the payer may see it', () => {
  const event = someTransfer({ lane: 'bulk', payoutId: '018f0000-0000-7000-8000-00000000000c' });
  const { transferId, createdAt, payer, payee } = event.data;
  expect(recipientsOf(event)).toEqual([{ role: 'payee', party: payee }]);
  expect(toldOf(event)).toEqual({ transferId, committedAt: createdAt, untoldPayerId: payer.accountId });
});

test('of a payout its owner is told, as of its completion', () => {
  const event = somePayout();
  const { payoutId, completedAt, owner } = event.data;
  expect(recipientsOf(event)).toEqual([{ role: 'payer', party: owner }]);
  expect(toldOf(event)).toEqual({ payoutId, committedAt: completedAt });
});
