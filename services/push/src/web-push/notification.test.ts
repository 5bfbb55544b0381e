import { randomUUID } from 'node:crypto';
import { linksIn, typedLinks } from '@payfan/channel/contract';
import fc from 'fast-check';
import type { TransferNews } from '../feed-item.ts';
import { notificationOf, topicOf, type NotifiedItem } from './notification.ts';

const item = (type: string, data: Partial<TransferNews['data']> = {}): NotifiedItem => ({
  type,
  seq: 7,
  eventId: '0190e1d4-7c3a-7000-8000-00000000000f',
  data: {
    transferId: '0190e1d4-7c3a-7000-8000-000000000001',
    amount: 10_000_000,
    currency: 'INR',
    counterparty: { name: 'Ravi Kumar' },
    note: 'lunch',
    createdAt: '2026-11-24T08:35:00.000Z',
    ...data,
  },
});

test('the payer reads what was paid and to whom, the payee what came and from whom', () => {
  expect(notificationOf(item('transfer.debited'))).toEqual({
    title: 'You paid ₹1,00,000.00',
    body: 'To Ravi Kumar: lunch',
    tag: '0190e1d4-7c3a-7000-8000-00000000000f',
    timestamp: Date.parse('2026-11-24T08:35:00.000Z'),
    data: { type: 'transfer.debited', seq: 7, transferId: '0190e1d4-7c3a-7000-8000-000000000001' },
  });
  expect(notificationOf(item('transfer.credited', { counterparty: { name: 'Asha Rao' } }))).toMatchObject({
    title: 'You received ₹1,00,000.00',
    body: 'From Asha Rao: lunch',
  });
});

test('without a note there is no colon, and what people write stays on its line', () => {
  expect(notificationOf(item('transfer.debited', { note: '' }))?.body).toBe('To Ravi Kumar');
  expect(notificationOf(item('transfer.debited', { note: 'a\r\nb' }))?.body).toBe('To Ravi Kumar: a b');
});

test('no name and no note is a link in a notification, which still says how much', () => {
  fc.assert(
    fc.property(typedLinks, typedLinks, (name, note) => {
      const shown = notificationOf(item('transfer.credited', { counterparty: { name }, note }));
      expect(linksIn(`${shown?.title}\n${shown?.body}`)).toEqual([]);
      expect(shown?.title).toBe('You received ₹1,00,000.00');
    }),
    { numRuns: 300 },
  );
});

const payout = (type: string, succeeded: number, failed: number, cancelled = 0): NotifiedItem => ({
  type,
  seq: 8,
  eventId: '0190e1d4-7c3a-7000-8000-00000000000e',
  data: {
    payoutId: '0190e1d4-7c3a-7000-8000-000000000002',
    lane: 'free',
    total: succeeded + failed + cancelled,
    succeeded,
    failed,
    cancelled,
    amount: succeeded * 100,
    currency: 'INR',
    createdAt: '2026-11-24T08:35:00.000Z',
    completedAt: '2026-11-24T08:36:00.000Z',
  },
});

test('the owner of a payout reads what it came to, and of failures and cancellations only where there are any', () => {
  expect(notificationOf(payout('payout.completed', 99_998, 2))).toEqual({
    title: 'Your payout paid ₹99,998.00',
    body: '99,998 of 1,00,000 payments made, 2 failed',
    tag: '0190e1d4-7c3a-7000-8000-00000000000e',
    timestamp: Date.parse('2026-11-24T08:36:00.000Z'),
    data: { type: 'payout.completed', seq: 8, payoutId: '0190e1d4-7c3a-7000-8000-000000000002' },
  });
  expect(notificationOf(payout('payout.completed', 3, 0))?.body).toBe('3 of 3 payments made');
  expect(notificationOf(payout('payout.completed', 3, 0, 2_000))?.body).toBe(
    '3 of 2,003 payments made, 2,000 cancelled',
  );
  expect(notificationOf(payout('payout.completed', 3, 1, 2))?.body).toBe(
    '3 of 6 payments made, 1 failed, 2 cancelled',
  );
});

test.each([item('transfer.exploded'), item('payout.completed.v2'), payout('payout.exploded', 1, 0)])(
  'an event without a text makes no notification: $type',
  (unknown) => {
    expect(notificationOf(unknown)).toBeUndefined();
  },
);

test('a long note is cut, not refused: whatever people write, the payload has 3 KB at most', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', minLength: 300, maxLength: 2_000 }),
    fc.string({
      unit: fc.constantFrom('😀', '"', '\\', '\0', '\u{10ffff}', 'ö'),
      minLength: 300,
      maxLength: 2_000,
    }),
  );
  fc.assert(
    fc.property(text, text, (note, name) => {
      const wellFormed = { note: note.toWellFormed(), counterparty: { name: name.toWellFormed() } };
      const notification = notificationOf(item('transfer.credited', wellFormed));
      expect(Buffer.byteLength(JSON.stringify(notification))).toBeLessThanOrEqual(3_072);
    }),
  );
  expect(notificationOf(item('transfer.debited', { note: 'x'.repeat(1_000) }))?.body).toMatch(/x{399}…$/);
});

test('a topic is the same for the same event alone, and of the form that push services want', () => {
  const ids = Array.from({ length: 100 }, () => randomUUID());
  expect(new Set([...ids, ...ids].map(topicOf)).size).toBe(100);
  for (const id of ids) expect(topicOf(id)).toMatch(/^[\w-]{22}$/);
});
