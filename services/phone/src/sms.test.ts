import { someTransfer } from '@payfan/channel/contract';
import type { PaymentEvent } from '@payfan/contracts';
import fc from 'fast-check';
import { composeSms, type Sms } from './sms.ts';

function compose(event: PaymentEvent, role: 'payer' | 'payee'): Sms {
  const composed = composeSms(event, { role, party: event.data[role] });
  if (composed.kind !== 'message') throw new Error(composed.reason);
  return composed.message;
}

test('payer and payee read each their own side', () => {
  const event = someTransfer({ amount: 1_00_000_00, note: 'rent' });
  event.data.createdAt = '2026-11-24T08:35:00.000Z';
  event.data.transferId = '01940000-0000-7000-8000-0000000000ab';
  expect(compose(event, 'payer')).toEqual({
    to: event.data.payer.phone,
    body: 'Payfan: You paid Rs 1,00,000.00 to Ravi Kumar on 24 Nov 2026, 2:05 pm IST. Note: rent. Ref 0000000000ab',
  });
  expect(compose(event, 'payee').body).toContain('You received Rs 1,00,000.00 from Asha Rao on');
});

test('an usual alert is one SMS: 160 characters of the GSM alphabet', () => {
  const { body } = compose(someTransfer({ note: 'lunch' }), 'payer');
  expect(body).toMatch(/^[\w .,:;]{1,160}$/);
});

test('whatever names and notes hold, it is one line, and no longer than a gateway takes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 140 });
  fc.assert(
    fc.property(text, text, (name, note) => {
      const { body } = compose(someTransfer({ payeeName: name, note }), 'payer');
      expect(body).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(body.length).toBeLessThanOrEqual(480);
    }),
  );
});

test('without a phone number there is nothing to send', () => {
  const event = someTransfer();
  expect(composeSms(event, { role: 'payer', party: { ...event.data.payer, phone: 'none' } }).kind).toBe(
    'impossible',
  );
});
