import { clientAddress, networkOf } from './client-address.ts';

const at = (forwarded: string | undefined, trustedProxies: number) =>
  clientAddress(
    {
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      socket: { remoteAddress: '192.0.2.1' },
    },
    trustedProxies,
  );

test('without proxies a header cannot change the address of the connection', () => {
  expect(at('203.0.113.9', 0)).toBe('192.0.2.1');
});

test.each([
  ['203.0.113.9', 1, '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9', 1, '203.0.113.9'],
  ['198.51.100.1, 203.0.113.9,192.0.2.2', 2, '203.0.113.9'],
  [undefined, 1, '192.0.2.1'],
])(
  'with %j from %i proxies it is the entry that the outermost proxy appended',
  (forwarded, proxies, address) => {
    expect(at(forwarded, proxies)).toBe(address);
  },
);

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
])('the address %s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
