import type { Principal } from '@payfan/service';
import { mayFollow, mayPublish, parseGrants, type Grants } from './grants.ts';

const ASHA = '01a20cc5-e0e8-722d-9423-a86d180875fd';
const RAVI = '01a20cc5-e0e8-722d-9423-a86d180875fe';
const asha: Principal = { kind: 'account', accountId: ASHA, tier: 'premium' };
const operator: Principal = { kind: 'operator' };
const service = (name: string): Principal => ({ kind: 'service', name });

const none: Grants = new Map();
const grants = parseGrants('demo=public.*|follow:payout.*|publish:chat.room, mute=') ?? none;

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
  ['a service without a grant', service('shop'), 'orders.*', true],
  ['a service without a grant all accounts', service('shop'), 'account.*', false],
  ['a service without a grant an account', service('shop'), `account.${ASHA}`, false],
  ['a service without a grant a payout', service('shop'), 'payout.17', false],
  ['a service by pattern', service('demo'), 'payout.17', true],
  ['a service a pattern within its own', service('demo'), 'payout.17.*', true],
  ['a service its very pattern', service('demo'), 'payout.*', true],
  ['a service what it may only publish', service('demo'), 'chat.room', false],
  ['a service a pattern wider than its own', service('demo'), 'chat.*', false],
  ['a service with an empty grant', service('mute'), 'public.rates', false],
])('follow: %s', (_what, principal, name, expected) => {
  expect(mayFollow(principal, name, grants)).toBe(expected);
});

test.each<[string, Principal, string, boolean]>([
  ['an account', asha, 'public.rates', false],
  ['an operator', operator, 'public.rates', false],
  ['a service', service('shop'), 'orders.17', true],
  ['a service without a grant what tells of money', service('shop'), 'payout.17', false],
  ['a service on an account', service('payout'), `account.${ASHA}`, false],
  ['a service on what is named account', service('payout'), 'account', false],
  ['a service by grant', service('demo'), 'chat.room', true],
  ['a service beyond its grant', service('demo'), 'chat.room.2', false],
  ['a service what it may only follow', service('demo'), 'payout.17', false],
])('publish: %s', (_what, principal, topic, expected) => {
  expect(mayPublish(principal, topic, grants)).toBe(expected);
});

test.each([
  'demo',
  '=public.*',
  'demo=public.*,demo=chat.*',
  'demo=public..*',
  'demo=*',
  'demo=see:public.*',
])('%s is no list of grants', (list) => {
  expect(parseGrants(list)).toBeUndefined();
});
