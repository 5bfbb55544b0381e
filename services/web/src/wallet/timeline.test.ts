import type { Delivery } from '@payfan/contracts';
import { alertsOf, isAbout, isPastKeeping, nextAttemptIn, pollAgainMs } from './timeline.ts';

const delivery = (channel: string, role: 'payer' | 'payee', status: Delivery['status']): Delivery => ({
  channel,
  role,
  recipient: 'asha@example.com',
  status,
  attempts: 1,
  provider: 'smtp',
  reference: null,
  error: null,
  nextAttemptAt: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  sentAt: null,
  latencyMs: null,
  pausedSeconds: 0,
});

const FRESH = { isOld: false };
const OLD = { isOld: true };
const known = (data: Delivery[], ...unavailable: string[]) => ({ data, unavailable });
const told = (...given: Parameters<typeof alertsOf>) =>
  alertsOf(...given).map(({ role, channel, status }) => `${role} ${channel} ${status}`);

test('a transfer has six alerts, the payer’s first, however few are there yet', () => {
  expect(told(known([delivery('email', 'payee', 'retrying')]), FRESH)).toEqual([
    'payer push waiting',
    'payer phone waiting',
    'payer email waiting',
    'payee push waiting',
    'payee phone waiting',
    'payee email retrying',
  ]);
});

test('a channel that is newer than the page is shown after the others, and waited for', () => {
  const usual = (['payer', 'payee'] as const).flatMap((role) =>
    ['push', 'phone', 'email'].map((channel) => delivery(channel, role, 'sent')),
  );
  const all = [delivery('whatsapp', 'payee', 'sending'), ...usual];
  expect(told(known(all), FRESH)).toEqual([
    ...['payer push sent', 'payer phone sent', 'payer email sent', 'payer whatsapp waiting'],
    ...['payee push sent', 'payee phone sent', 'payee email sent', 'payee whatsapp sending'],
  ]);
  expect(pollAgainMs(known(all), { ...FRESH, openForMs: 0 })).toBe(400);
});

test('one looks again, quickly at first, until each of the six is sent or given up', () => {
  const six = (last: Delivery['status']) =>
    (['payer', 'payee'] as const).flatMap((role) =>
      ['push', 'phone', 'email'].map((channel) =>
        delivery(channel, role, role === 'payee' && channel === 'email' ? last : 'sent'),
      ),
    );
  const again = (data: Delivery[] | undefined, openForMs: number) =>
    pollAgainMs(data && known(data), { ...FRESH, openForMs });
  expect([six('sent'), six('dead')].map((settled) => again(settled, 0))).toEqual([false, false]);
  for (const moving of [
    six('retrying'),
    six('sent').filter(({ channel }) => channel !== 'push'),
    undefined,
  ]) {
    expect([0, 4_999, 5_000].map((openForMs) => again(moving, openForMs))).toEqual([400, 400, 2_000]);
  }
});

test('only the payee is notified of a transfer of a payout', () => {
  const payees = ['push', 'phone', 'email'].map((channel) => delivery(channel, 'payee', 'sent'));
  expect(alertsOf(known(payees), FRESH).map(({ status }) => status)).toEqual([
    ...['untold', 'untold', 'untold', 'sent', 'sent', 'sent'],
  ]);
  expect(pollAgainMs(known(payees), { ...FRESH, openForMs: 0 })).toBe(false);
  const moving = [...payees.slice(1), delivery('push', 'payee', 'sending')];
  expect(pollAgainMs(known(moving), { ...FRESH, openForMs: 0 })).toBe(400);
});

test('of a channel that is away nothing is known, and one looks again', () => {
  const phones = (['payer', 'payee'] as const).map((role) => delivery('phone', role, 'sent'));
  const pushes = (['payer', 'payee'] as const).map((role) => delivery('push', role, 'sent'));
  const away = known([...pushes, ...phones], 'email');
  expect(told(away, FRESH)).toEqual([
    ...['payer push sent', 'payer phone sent', 'payer email unknown'],
    ...['payee push sent', 'payee phone sent', 'payee email unknown'],
  ]);
  for (const age of [FRESH, OLD]) expect(pollAgainMs(away, { ...age, openForMs: 9_000 })).toBe(2_000);
});

test('what is forgotten is not waited for', () => {
  expect(new Set(alertsOf(known([]), OLD).map(({ status }) => status))).toEqual(new Set(['unrecorded']));
  expect(pollAgainMs(known([]), { ...OLD, openForMs: 0 })).toBe(false);
  const dead = known([delivery('email', 'payee', 'dead')]);
  expect(told(dead, OLD)).toContain('payee email dead');
  expect(told(dead, OLD)).toContain('payer email unrecorded');
  const retrying = known([delivery('email', 'payee', 'retrying')]);
  expect(pollAgainMs(retrying, { ...OLD, openForMs: 0 })).toBe(400);
  const now = Date.parse('2026-03-01T00:00:00Z');
  expect(['2026-01-29T23:59:59Z', '2026-01-30T00:00:00Z'].map((at) => isPastKeeping(at, now))).toEqual([
    ...[true, false],
  ]);
});

test.each([
  [{ transferId: 'a' }, true],
  [{ transferId: 'b' }, false],
  [{ payoutId: 'a' }, false],
  [null, false],
  ['a', false],
])('an event with %j tells of transfer a: %p', (data, expected) => {
  expect(isAbout({ data }, 'a')).toBe(expected);
});

test('the next attempt is counted down in whole seconds', () => {
  const at = '2026-01-01T00:01:30.000Z';
  const before = (ms: number) => nextAttemptIn(at, Date.parse(at) - ms);
  expect([90_000, 4_000, 3_001, 1, 0, -9_000].map(before)).toEqual([
    'next attempt in 1 min 30 s',
    'next attempt in 4 s',
    'next attempt in 4 s',
    'next attempt in 1 s',
    'next attempt any moment',
    'next attempt any moment',
  ]);
});
