import type { Principal } from '@payfan/service';
import { Seats } from './seats.ts';

const account = (n: number): Principal => ({ kind: 'account', accountId: `a-${n}`, tier: 'free' });

test.each([
  ['192.0.2.7', '::ffff:192.0.2.7'],
  ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6'],
])('%s and %s belong to one client, which cannot have more seats by changing its address', (one, other) => {
  const seats = new Seats({ perAccount: 9, perAddress: 2 });
  const giveBack = seats.take(account(1), one);
  expect(seats.take(account(2), other)).toBeDefined();
  expect(seats.take(account(3), other)).toBeUndefined();
  giveBack?.();
  expect(seats.take(account(3), other)).toBeDefined();
});

test('the addresses of different networks are counted apart', () => {
  const seats = new Seats({ perAccount: 9, perAddress: 1 });
  for (const address of ['192.0.2.7', '192.0.2.8', '2001:db8:1:2::1', '2001:db8:1:3::1']) {
    expect(seats.take(account(1), address)).toBeDefined();
  }
});
