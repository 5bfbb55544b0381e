import { linksIn, somePayout, someTransfer, typedLinks } from '@payfan/channel/contract';
import type { TransferCompleted } from '@payfan/contracts';
import fc from 'fast-check';
import { composeSms, type Sms } from './sms.ts';

function compose(event: TransferCompleted, role: 'payer' | 'payee'): Sms {
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
    body: 'Payfan: You paid Rs 1,00,000.00 to Ravi Kumar on 24 Nov 2026, 2:05 pm IST. Ref 0000000000ab',
  });
  expect(compose(event, 'payee').body).toContain('You received Rs 1,00,000.00 from Asha Rao on');
});

test('an usual alert is one SMS: 160 characters of the GSM alphabet', () => {
  const { body } = compose(someTransfer({ note: 'lunch' }), 'payer');
  expect(body).toMatch(/^[\w .,:;]{1,160}$/);
});

test.each([
  [
    98,
    2,
    0,
    '98 of 100 payments, Rs 9,800.00 in all, by 24 Nov 2026, 2:05 pm IST. 2 failed. Ref 0000000000ab',
  ],
  [100, 0, 0, '100 of 100 payments, Rs 9,800.00 in all, by 24 Nov 2026, 2:05 pm IST. Ref 0000000000ab'],
  [
    98,
    0,
    2,
    '98 of 100 payments, Rs 9,800.00 in all, by 24 Nov 2026, 2:05 pm IST. 2 cancelled. Ref 0000000000ab',
  ],
  [
    97,
    1,
    2,
    '97 of 100 payments, Rs 9,800.00 in all, by 24 Nov 2026, 2:05 pm IST. 1 failed, 2 cancelled. Ref 0000000000ab',
  ],
])(
  'the owner of a payout reads what it came to, in one SMS: %i made, %i failed, %i cancelled',
  (succeeded, failed, cancelled, text) => {
    const event = somePayout({ succeeded, failed, cancelled });
    event.data.completedAt = '2026-11-24T08:35:00.000Z';
    event.data.payoutId = '01940000-0000-7000-8000-0000000000ab';
    const { owner: party } = event.data;
    expect(composeSms(event, { role: 'payer', party })).toEqual({
      kind: 'message',
      message: { to: party.phone, body: `Payfan: Your payout made ${text}` },
    });
  },
);

test('the longest news of a payout is one SMS, too', () => {
  const event = somePayout({ succeeded: 66_666, failed: 22_222, cancelled: 11_112, amount: 99_99_99_999_99 });
  const composed = composeSms(event, { role: 'payer', party: event.data.owner });
  expect(composed).toMatchObject({ message: { body: expect.stringMatching(/^[\w .,:;]{1,160}$/) } });
});

test('no name and no note puts a link into an SMS, which still says how much, when and which transfer', () => {
  fc.assert(
    fc.property(typedLinks, typedLinks, fc.constantFrom('payer', 'payee'), (name, note, role) => {
      const event = someTransfer({ payerName: name, payeeName: name, note, amount: 1_00_000_00 });
      event.data.createdAt = '2026-11-24T08:35:00.000Z';
      event.data.transferId = 'abcdefab-cdef-7abc-8def-abcdefabcdef';
      const { body } = compose(event, role);
      expect(linksIn(body)).toEqual([]);
      expect(body).toContain('Rs 1,00,000.00 ');
      expect(body).toMatch(/ on 24 Nov 2026, 2:05 pm IST\. Ref abcdefabcdef$/);
    }),
    { numRuns: 300 },
  );
});

test('an SMS holds nothing of a note', () => {
  const [event, other] = [someTransfer({ note: 'lunch' }), someTransfer()];
  other.data = { ...event.data, note: '' };
  expect(compose(event, 'payer')).toEqual(compose(other, 'payer'));
});

test.each([
  ['x'.repeat(40), 'x'.repeat(30)],
  [`${'x'.repeat(29)}👨‍👩‍👧`, 'x'.repeat(29)],
  [`${'x'.repeat(28)}नि और`, `${'x'.repeat(28)}नि`],
  [`${'x'.repeat(29)}नि और`, 'x'.repeat(29)],
  [`e${'\u0338'.repeat(50)}`, `e${'\u0338'.repeat(29)}`],
])('of the name %j an SMS shows whole characters, at most 30 of a template: %j', (name, shown) => {
  expect(compose(someTransfer({ payeeName: name }), 'payer').body).toContain(` to ${shown} on `);
});

test('whatever names and notes hold, it is one line, and no longer than a gateway takes', () => {
  const text = fc.string({ unit: 'binary', maxLength: 140 });
  fc.assert(
    fc.property(text, text, (name, note) => {
      const { body } = compose(someTransfer({ payeeName: name, note }), 'payer');
      expect(body).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(body.length).toBeLessThanOrEqual(160);
    }),
  );
});

test('without a phone number there is nothing to send', () => {
  const event = someTransfer();
  expect(composeSms(event, { role: 'payer', party: { ...event.data.payer, phone: 'none' } }).kind).toBe(
    'impossible',
  );
});
