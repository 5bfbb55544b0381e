import { parseNamedKeys } from './named-keys.ts';

test.each([
  ['one', 'gateway=k1', [{ name: 'gateway', key: 'k1' }]],
  [
    'several, one of them with an older key',
    'gateway=k1, payout=k=2 ,gateway=k3',
    [
      { name: 'gateway', key: 'k1' },
      { name: 'payout', key: 'k=2' },
      { name: 'gateway', key: 'k3' },
    ],
  ],
])('a list of keys: %s', (_what, list, expected) => {
  expect(parseNamedKeys(list)).toEqual(expected);
});

test.each([
  ['no key', 'gateway='],
  ['no name', '=k1'],
  ['no pair', 'gateway'],
  ['a name of other letters', 'Gate way=k1'],
  ['a space within a key', 'gateway=k 1'],
  ['a key that looks like a session', 'gateway=ps_1'],
  ['a key that no Authorization header can carry', 'gateway=k€1'],
  ['an empty item', 'gateway=k1,'],
  ['one key for two', 'gateway=k1,payout=k1'],
  ['a key longer than any is accepted', `gateway=${'k'.repeat(513)}`],
])('a list with %s is refused', (_what, list) => {
  expect(parseNamedKeys(list)).toBeUndefined();
});
