import { somePayout, someTransfer } from '@payfan/channel/contract';
import { composeItem } from './feed-item.ts';

test('each side of a transfer reads its own, and of the other the name only', () => {
  const event = someTransfer({ note: 'lunch' });
  const { transferId, amount, currency, note, createdAt, payer, payee } = event.data;
  const about = { transferId, amount, currency, note, createdAt };
  expect(composeItem(event, { role: 'payer', party: payer })).toEqual({
    kind: 'message',
    message: {
      accountId: payer.accountId,
      eventId: event.id,
      type: 'transfer.debited',
      data: { ...about, counterparty: { name: payee.name } },
    },
  });
  expect(composeItem(event, { role: 'payee', party: payee })).toMatchObject({
    message: {
      accountId: payee.accountId,
      type: 'transfer.credited',
      data: { ...about, counterparty: { name: payer.name } },
    },
  });
});

test('the owner of a payout reads what it came to', () => {
  const event = somePayout();
  const { owner, ...data } = event.data;
  expect(composeItem(event, { role: 'payer', party: owner })).toEqual({
    kind: 'message',
    message: { accountId: owner.accountId, eventId: event.id, type: 'payout.completed', data },
  });
});
