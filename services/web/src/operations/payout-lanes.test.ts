import type { Payout } from '../api/payout.ts';
import { byLane, countOf } from './payout-lanes.ts';

const payout = (minute: number, fields: Partial<Payout>): Payout => ({
  id: String(minute),
  lane: 'premium',
  status: 'processing',
  total: 100,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  amount: 10_000,
  paid: 0,
  currency: 'INR',
  createdAt: `2025-11-24T10:0${minute}:00.000Z`,
  updatedAt: `2025-11-24T10:0${minute}:00.000Z`,
  completedAt: null,
  ...fields,
});

test('what is under way is counted for each lane, with its lines that are left and its oldest', () => {
  const newestFirst = [
    payout(4, {}),
    payout(3, { succeeded: 60, failed: 3, cancelled: 2 }),
    payout(2, { status: 'completed', succeeded: 100 }),
    payout(1, { lane: 'free', status: 'cancelled', cancelled: 100 }),
  ];
  expect(byLane(newestFirst)).toEqual([
    { lane: 'premium', underWay: 2, linesLeft: 135, oldestAt: '2025-11-24T10:03:00.000Z', finished: 1 },
    { lane: 'free', underWay: 0, linesLeft: 0, oldestAt: undefined, finished: 1 },
  ]);
});

test('of more payouts than were asked for nobody knows but that there are so many', () => {
  expect([countOf(1_200, true), countOf(1_200, false)]).toEqual(['1,200', 'at least 1,200']);
});
