import type { QueueStatus } from '../api/operations.ts';
import {
  byChannel,
  channelsOf,
  HISTORY_MS,
  remembered,
  sparkPoints,
  type QueueHistory,
} from './queue-rows.ts';

const queue = (name: string, fields: Partial<QueueStatus> = {}): QueueStatus => ({
  name,
  kind: 'lane',
  channel: name.split('.')[0] ?? name,
  lane: 'interactive',
  step: null,
  ready: 0,
  unacked: 0,
  consumers: 1,
  publishRate: 0,
  deliverRate: 0,
  oldestAgeSeconds: null,
  pausedSeconds: null,
  ...fields,
});

test('sums what is retried and dead of each channel, payouts last', () => {
  const rows = byChannel([
    queue('payouts.premium'),
    queue('email.interactive'),
    queue('email.bulk'),
    queue('email.retry.5s', { kind: 'retry', ready: 2 }),
    queue('email.retry.30s', { kind: 'retry', ready: 3 }),
    queue('email.dead', { kind: 'dead', ready: 1, unacked: 1 }),
  ]);
  expect(rows.map(({ channel, lanes, ...sums }) => ({ channel, lanes: lanes.length, ...sums }))).toEqual([
    { channel: 'email', lanes: 2, retrying: 5, dead: 2 },
    { channel: 'payouts', lanes: 1, retrying: 0, dead: 0 },
  ]);
});

test('a figure that the broker does not tell is not known, and neither is a sum over it', () => {
  const unknown = { ready: null, unacked: null, consumers: null, publishRate: null, deliverRate: null };
  const rows = byChannel([
    queue('email.retry.5s', { kind: 'retry', ready: 2 }),
    queue('email.retry.30s', { kind: 'retry', ...unknown }),
    queue('email.dead', { kind: 'dead', ...unknown }),
    queue('phone.dead', { kind: 'dead', ready: 1 }),
  ]);
  expect(rows.map(({ retrying, dead }) => ({ retrying, dead }))).toEqual([
    { retrying: null, dead: null },
    { retrying: 0, dead: 1 },
  ]);
  expect(remembered(new Map(), [queue('email.bulk', unknown)], 1_000).get('email.bulk')).toEqual([]);
});

test('every channel once, and payouts are none', () => {
  const names = ['email.bulk', 'email.interactive', 'payouts.free', 'whatsapp.bulk'];
  expect(channelsOf(names.map((name) => queue(name)))).toEqual(['email', 'whatsapp']);
});

test('remembers the last two minutes, however many polls they had, and forgets a queue that is gone', () => {
  const poll = (history: QueueHistory, atMs: number, ready: number) =>
    remembered(history, [queue('email.bulk', { ready, unacked: 1 })], atMs);
  let history = remembered(new Map(), [queue('old.bulk')], 1_000);
  for (const [atMs, ready] of [
    [2_000, 1],
    [4_000, 2],
    [4_000 + HISTORY_MS, 3],
  ] as const) {
    history = poll(history, atMs, ready);
  }
  expect([...history.keys()]).toEqual(['email.bulk']);
  expect(history.get('email.bulk')).toEqual([
    { atMs: 4_000, held: 3 },
    { atMs: 4_000 + HISTORY_MS, held: 4 },
  ]);
  // Nobody saw the page for an hour.
  expect(poll(history, 3_600_000, 5).get('email.bulk')).toEqual([{ atMs: 3_600_000, held: 6 }]);
});

test('draws the latest value at the right end, and the others as long before it as they were', () => {
  const room = { width: 120, height: 20 };
  const values = [0, 10, 5].map((held, at) => ({ atMs: [0, 60_000, HISTORY_MS][at] ?? 0, held }));
  expect(sparkPoints(values, room)).toBe('0,20 60,0 120,10');
  expect(sparkPoints([{ atMs: 7, held: 1 }], room)).toBe('120,15');
});
