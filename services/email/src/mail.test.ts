import { linksIn, somePayout, someTransfer, typedLinks } from '@payfan/channel/contract';
import type { TransferCompleted } from '@payfan/contracts';
import fc from 'fast-check';
import { composeMail, type Mail } from './mail.ts';

function compose(event: TransferCompleted, role: 'payer' | 'payee'): Mail {
  const composed = composeMail(event, { role, party: event.data[role] });
  if (composed.kind !== 'message') throw new Error(composed.reason);
  return composed.message;
}

test('payer and payee read each their own side', () => {
  const event = someTransfer({ amount: 1_00_000_00, note: 'rent' });
  event.data.createdAt = '2026-11-24T08:35:00.000Z';
  const [debit, credit] = [compose(event, 'payer'), compose(event, 'payee')];
  expect(debit.subject).toBe('You paid ₹1,00,000.00 to Ravi Kumar');
  expect(debit.to).toEqual({ name: 'Asha Rao', address: event.data.payer.email });
  expect(debit.text).toContain('Paid to: Ravi Kumar\nWhen: 24 Nov 2026, 2:05 pm IST\nNote: rent\n');
  expect(credit.subject).toBe('You received ₹1,00,000.00 from Asha Rao');
  expect(credit.to).toEqual({ name: 'Ravi Kumar', address: event.data.payee.email });
});

test('what people write is text in the HTML, never markup', () => {
  const { html } = compose(someTransfer({ note: `<img src=x onerror="a('b')"> & co` }), 'payer');
  expect(html).toContain('&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; co');
  expect(html).not.toContain('<img');
});

/** What a program reads that looks for links after it has dropped the markup. */
const unmarked = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(?:lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity)
    .replaceAll('&amp;', '&');
const ENTITIES: Partial<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

test('no name and no note is a link in a mail, which still says how much, when and which transfer', () => {
  fc.assert(
    fc.property(typedLinks, typedLinks, fc.constantFrom('payer', 'payee'), (name, note, role) => {
      const event = someTransfer({ payerName: name, payeeName: name, note, amount: 1_00_000_00 });
      event.data.createdAt = '2026-11-24T08:35:00.000Z';
      event.data.transferId = 'abcdefab-cdef-7abc-8def-abcdefabcdef';
      const { to, subject, text, html } = compose(event, role);
      expect(html).not.toMatch(/<a\b|href|src=/i);
      for (const read of [to.name, subject, text, unmarked(html)]) expect(linksIn(read)).toEqual([]);
      for (const read of [text, html]) {
        for (const ours of ['₹1,00,000.00', '24 Nov 2026, 2:05 pm IST', event.data.transferId]) {
          expect(read).toContain(ours);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('the name of a payout’s owner is no link either', () => {
  fc.assert(
    fc.property(typedLinks, (name) => {
      const event = somePayout();
      event.data.payoutId = 'abcdefab-cdef-7abc-8def-abcdefabcdef';
      const composed = composeMail(event, { role: 'payer', party: { ...event.data.owner, name } });
      if (composed.kind !== 'message') throw new Error(composed.reason);
      const { to, text, html } = composed.message;
      for (const read of [to.name, text, unmarked(html)]) expect(linksIn(read)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('a mail points to nothing but the history that every account has', () => {
  expect(compose(someTransfer(), 'payer').text).toMatch(
    /\n\nIf you did not expect this, sign in to Payfan and check your history\.\n$/,
  );
});

test('without a note there is no line for it', () => {
  expect(compose(someTransfer(), 'payer').text).not.toContain('Note');
});

describe('of a payout', () => {
  function composePayout(succeeded: number, failed: number, cancelled = 0): Mail {
    const event = somePayout({ succeeded, failed, cancelled, amount: 9_800_00 });
    event.data.createdAt = '2026-11-24T08:35:00.000Z';
    event.data.completedAt = '2026-11-24T08:36:00.000Z';
    event.data.payoutId = '01940000-0000-7000-8000-0000000000ab';
    const composed = composeMail(event, { role: 'payer', party: event.data.owner });
    if (composed.kind !== 'message') throw new Error(composed.reason);
    return composed.message;
  }

  test('its owner reads what it came to', () => {
    const mail = composePayout(12_345, 655, 7_000);
    expect(mail.to).toMatchObject({ name: 'Asha Rao' });
    expect(mail.subject).toBe('Your payout made 12,345 of 20,000 payments, ₹9,800.00 in all');
    const facts = [
      ['Amount', '₹9,800.00'],
      ['Payments made', '12,345 of 20,000'],
      ['Failed', '655; they moved no money'],
      ['Cancelled', '7,000; they moved no money'],
      ['Begun', '24 Nov 2026, 2:05 pm IST'],
      ['Completed', '24 Nov 2026, 2:06 pm IST'],
      ['Payout', '01940000-0000-7000-8000-0000000000ab'],
    ];
    expect(mail.text).toContain(`\n${facts.map((fact) => fact.join(': ')).join('\n')}\n`);
    const cells = facts.flat().map((text) => `>${text}</td>`);
    expect(cells.filter((cell) => !mail.html.includes(cell))).toEqual([]);
  });

  test('that failed nowhere says nothing of failures, nor of cancellations without any', () => {
    expect(composePayout(3, 0).text).not.toMatch(/Failed|Cancelled/);
  });
});

test('no name, whatever is in it, begins a new line in the subject or the recipient', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const mail = compose(someTransfer({ payerName: name, payeeName: name }), 'payer');
      expect(`${mail.subject}${mail.to.name}`).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    }),
  );
});

test.each(['', 'nobody', 'a@b\r\nBcc: evil@example.com', 'a@b, evil@example.com', '<a@b>', 'a b@c', 'a@b@c'])(
  'no mail is made for the address %j',
  (email) => {
    const event = someTransfer();
    expect(composeMail(event, { role: 'payer', party: { ...event.data.payer, email } })).toEqual({
      kind: 'impossible',
      reason: 'the recipient has no address that mail can go to',
    });
  },
);
