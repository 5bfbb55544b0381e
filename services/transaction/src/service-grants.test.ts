import { ROUTE_GRANTS } from '@payfan/contracts';
import { ConfigError } from '@payfan/service';
import { parseServiceGrants } from './service-grants.ts';

const names = new Set(['gateway', 'payout', 'shop']);
const parse = (list: string) => Object.fromEntries(parseServiceGrants(list, names));

test.each([
  ['nothing', '', {}],
  ['one grant', 'payout=batch', { payout: ['batch'] }],
  [
    'several services and grants',
    'gateway=feeds|payout-owners, shop=follow:orders.* | publish:quotes.new',
    { gateway: ['feeds', 'payout-owners'], shop: ['follow:orders.*', 'publish:quotes.new'] },
  ],
  ['every grant of a route', `shop=${ROUTE_GRANTS.join('|')}`, { shop: [...ROUTE_GRANTS] }],
])('reads %s', (_what, list, expected) => {
  expect(parse(list)).toEqual(expected);
});

test.each([
  ['an unknown word', 'payout=bats', 'gives payout the unknown grant "bats"'],
  ['another case', 'payout=Batch', 'gives payout the unknown grant "Batch"'],
  ['no grant', 'payout=', 'gives payout the unknown grant ""'],
  ['an empty grant', 'payout=batch|', 'gives payout the unknown grant ""'],
  ['a topic without an action', 'shop=orders.*', 'gives shop the unknown grant "orders.*"'],
  ['an unknown action', 'shop=read:orders.*', 'gives shop the unknown grant "read:orders.*"'],
  ['every topic', 'shop=follow:*', 'gives shop the unknown grant "follow:*"'],
  ['a broken pattern', 'shop=follow:a..*', 'gives shop the unknown grant "follow:a..*"'],
  ['publishing for accounts', 'shop=publish:account.*', 'gives shop the unknown grant "publish:account.*"'],
  [
    'a service without a key',
    'shop=feeds,email=feeds',
    'names the service "email", which SERVICE_KEYS does not',
  ],
  ['no name', '=feeds', 'names the service "", which SERVICE_KEYS does not'],
  ['a name twice', 'shop=feeds,shop=batch', 'names the service shop twice'],
  ['no pair', 'shop', 'must be name=grant|grant pairs separated by commas, but has "shop"'],
  ['an empty item', 'shop=feeds,', 'must be name=grant|grant pairs separated by commas, but has ""'],
  [
    'more than a token holds',
    `shop=${Array.from({ length: 12 }, () => `follow:${'x'.repeat(180)}`).join('|')}`,
    'gives shop more than 2000 characters of grants',
  ],
])('refuses %s in a sentence that lists the grants', (_what, list, sentence) => {
  expect(() => parse(list)).toThrow(ConfigError);
  expect(() => parse(list)).toThrow(`SERVICE_GRANTS ${sentence}`);
  for (const word of [...ROUTE_GRANTS, 'follow:<topic or pattern>', 'publish:<topic or pattern>']) {
    expect(() => parse(list)).toThrow(word);
  }
});
