import { grantsTopic, ROUTE_GRANTS, ServiceGrant } from './service-grants.ts';

test.each([...ROUTE_GRANTS, 'follow:orders', 'follow:account.*', 'publish:orders.*'])(
  '%s is a grant',
  (text) => {
    expect(ServiceGrant.safeParse(text).success).toBe(true);
  },
);

test.each([
  ...['', 'feed', 'Feeds', 'toString', 'operator'],
  ...['follow', 'follow:', 'follow:*', 'follow:a..*', 'follow:a b', 'read:orders', 'follow:a\nb'],
  ...['publish:account', 'publish:account.*', 'publish:account.7.x'],
])('"%s" is no grant', (text) => {
  expect(ServiceGrant.safeParse(text).success).toBe(false);
});

const grants = ['feeds', 'follow:payout.*', 'publish:chat.room'];
test.each([
  ['follow', 'payout.17', true],
  ['follow', 'payout.17.*', true],
  ['follow', 'payout.*', true],
  ['follow', 'payout', false],
  ['follow', 'payouts.17', false],
  ['follow', 'chat.room', false],
  ['follow', 'feeds', false],
  ['publish', 'chat.room', true],
  ['publish', 'chat.room.2', false],
  ['publish', 'chat.*', false],
  ['publish', 'payout.17', false],
] as const)(`of ${grants.join(', ')}: %s %s is granted: %s`, (action, topic, expected) => {
  expect(grantsTopic(grants, action, topic)).toBe(expected);
  expect(grantsTopic([], action, topic)).toBe(false);
});
