import { parsePaymentEvent, type ParsedEvent } from '@payfan/contracts';
import { somePayout } from './testing/some-payout.ts';
import { someTransfer } from './testing/some-transfer.ts';
import { distrustOf } from './trusted-publisher.ts';

const parsed = (event: object): ParsedEvent => parsePaymentEvent(Buffer.from(JSON.stringify(event)));
const TRANSFER = parsed(someTransfer());
const PAYOUT = parsed(somePayout());
const UNREADABLE = parsePaymentEvent(Buffer.from('nonsense'));

test.each([
  ['a transfer', TRANSFER, ['payfan_transaction', 'payfan_email']],
  ['the end of a payout', PAYOUT, ['payfan_payout', 'payfan_email']],
  ['what cannot be read', UNREADABLE, ['payfan_transaction', 'payfan_payout', 'payfan_email']],
])(
  '%s may come from its publisher and from the channel itself, and from no other user',
  (_what, event, may) => {
    const users = ['transaction', 'payout', 'push', 'phone', 'email', 'gateway', 'operations'];
    const names = [
      ...users.map((user) => `payfan_${user}`),
      'payfan',
      'email',
      '',
      'payfan_email2',
      undefined,
    ];
    const trusted = names.filter((userId) => distrustOf('email', { userId }, event) === undefined);
    expect(trusted.sort()).toEqual([...may].sort());
  },
);

test('the reason names the user that published, and the users that may', () => {
  expect(distrustOf('email', { userId: 'payfan_phone' }, TRANSFER)).toBe(
    'the message comes from the RabbitMQ user payfan_phone, and may come from payfan_transaction or payfan_email only',
  );
  expect(distrustOf('email', { userId: undefined }, PAYOUT)).toBe(
    'the message comes from a publisher that gave no user-id, and may come from payfan_payout or payfan_email only',
  );
});
