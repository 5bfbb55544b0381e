import type { Principal } from '@payfan/service';
import { mayFollow, mayPublish } from './topic-rights.ts';

const ASHA = '01a20cc5-e0e8-722d-9423-a86d180875fd';
const RAVI = '01a20cc5-e0e8-722d-9423-a86d180875fe';
const asha: Principal = { kind: 'account', accountId: ASHA, tier: 'premium' };
const operator: Principal = { kind: 'operator', name: 'operator' };
const service = (...grants: string[]): Principal => ({ kind: 'service', name: 'shop', grants });
const demo = service('follow:public.*', 'publish:public.*', 'follow:payout.*', 'publish:chat.room');

test.each<[string, Principal, string, boolean]>([
  ['an account its own', asha, `account.${ASHA}`, true],
  ['an account another’s', asha, `account.${RAVI}`, false],
  ['an account all accounts', asha, 'account.*', false],
  ['an account a public topic', asha, 'public.rates', true],
  ['an account all public topics', asha, 'public.*', false],
  ['an account something that begins like public', asha, 'publication', false],
  ['an account other topics', asha, 'payout.1', false],
  ['an operator an account', operator, `account.${RAVI}`, true],
  ['an operator all accounts', operator, 'account.*', true],
  ['a service without grants a public topic', service(), 'public.rates', false],
  ['a service without grants other topics', service(), 'orders.*', false],
  ['a service without grants an account', service(), `account.${ASHA}`, false],
  ['a service without grants a payout', service(), 'payout.17', false],
  ['a service with grants of routes alone', service('feeds', 'payout-owners'), 'payout.17', false],
  ['a service with a grant for accounts', service('follow:account.*'), `account.${ASHA}`, true],
  ['a service by pattern', demo, 'payout.17', true],
  ['a service a pattern within its own', demo, 'payout.17.*', true],
  ['a service its very pattern', demo, 'payout.*', true],
  ['a service what it may only publish', demo, 'chat.room', false],
  ['a service a pattern wider than its own', demo, 'chat.*', false],
])('follow: %s', (_what, principal, name, expected) => {
  expect(mayFollow(principal, name)).toBe(expected);
});

test.each<[string, Principal, string, boolean]>([
  ['an account', asha, 'public.rates', false],
  ['an operator', operator, 'public.rates', false],
  ['a service without grants', service(), 'orders.17', false],
  ['a service by grant', demo, 'chat.room', true],
  ['a service beyond its grant', demo, 'chat.room.2', false],
  ['a service what it may only follow', demo, 'payout.17', false],
  [
    'a service on an account, whatever its token says',
    service('publish:account.*'),
    `account.${ASHA}`,
    false,
  ],
  ['a service on what is named account', service('publish:account'), 'account', false],
])('publish: %s', (_what, principal, topic, expected) => {
  expect(mayPublish(principal, topic)).toBe(expected);
});
