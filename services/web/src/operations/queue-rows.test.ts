import type { QueueStatus } from '../api/operations.ts';
import { byChannel, HISTORY_LENGTH, remembered, sparkPoints } from './queue-rows.ts';

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

test('remembers so many polls and no more, and forgets a queue that is gone', () => {
  let history = remembered(new Map(), [queue('old.bulk')]);
  for (let poll = 0; poll < HISTORY_LENGTH + 5; poll += 1) {
    history = remembered(history, [queue('email.bulk', { ready: poll, unacked: 1 })]);
  }
  expect([...history.keys()]).toEqual(['email.bulk']);
  expect(history.get('email.bulk')).toHaveLength(HISTORY_LENGTH);
  expect(history.get('email.bulk')?.at(-1)).toBe(HISTORY_LENGTH + 5);
});

test('draws the latest value at the right end', () => {
  const room = { width: 100, height: 20, length: 11 };
  expect(sparkPoints([0, 10], room)).toBe('90,20 100,0');
  expect(sparkPoints([1], room)).toBe('100,15');
});
