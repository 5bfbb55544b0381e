import type { Delivery } from '@payfan/contracts';
import { alertsOf, isSettled } from './timeline.ts';

const delivery = (channel: string, role: 'payer' | 'payee', status: Delivery['status']): Delivery => ({
  channel,
  role,
  recipient: 'asha@example.com',
  status,
  attempts: 1,
  provider: 'smtp',
  reference: null,
  error: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  sentAt: null,
  latencyMs: null,
});

test('a transfer has six alerts, the payer’s first, however few are there yet', () => {
  const alerts = alertsOf([delivery('email', 'payee', 'retrying')]);
  expect(alerts.map(({ role, channel, status }) => `${role} ${channel} ${status}`)).toEqual([
    'payer push waiting',
    'payer phone waiting',
    'payer email waiting',
    'payee push waiting',
    'payee phone waiting',
    'payee email retrying',
  ]);
});

test('it is settled when each of the six is sent or given up', () => {
  const six = (last: Delivery['status']) =>
    (['payer', 'payee'] as const).flatMap((role) =>
      ['push', 'phone', 'email'].map((channel) =>
        delivery(channel, role, role === 'payee' && channel === 'email' ? last : 'sent'),
      ),
    );
  expect(isSettled(six('sent'))).toBe(true);
  expect(isSettled(six('dead'))).toBe(true);
  expect(isSettled(six('retrying'))).toBe(false);
  expect(isSettled(six('sent').slice(1))).toBe(false);
});
