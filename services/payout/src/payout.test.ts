import { statusOf } from './payout.ts';

test.each([
  [{ total: 3, succeeded: 0, failed: 0, cancelled: 0 }, 'processing'],
  [{ total: 3, succeeded: 1, failed: 1, cancelled: 0 }, 'processing'],
  [{ total: 3, succeeded: 0, failed: 0, cancelled: 2 }, 'processing'],
  [{ total: 3, succeeded: 3, failed: 0, cancelled: 0 }, 'completed'],
  [{ total: 3, succeeded: 2, failed: 1, cancelled: 0 }, 'completed_with_failures'],
  [{ total: 3, succeeded: 0, failed: 3, cancelled: 0 }, 'completed_with_failures'],
  [{ total: 3, succeeded: 1, failed: 1, cancelled: 1 }, 'cancelled'],
  [{ total: 3, succeeded: 0, failed: 0, cancelled: 3 }, 'cancelled'],
])('%j is %s', (progress, status) => {
  expect(statusOf(progress)).toBe(status);
});
