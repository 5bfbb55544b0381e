import type { LookupAddress } from 'node:dns';
import { isPublicAddress, publicLookup } from './public-address.ts';

test.each(['8.8.8.8', '142.250.183.10', '172.15.255.255', '2606:4700::1111', '2a00:1450:4009::200a'])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  ['this machine', ['127.0.0.1', '127.8.8.8', '0.0.0.0', '::1', '::']],
  ['a private network', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12::1']],
  ['a provider’s network', ['100.64.0.1']],
  ['a link', ['169.254.169.254', 'fe80::1', 'fe80::1%eth0']],
  ['many', ['224.0.0.1', '255.255.255.255', 'ff02::1']],
  ['nobody', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '240.0.0.1', '2001:db8::1']],
  [
    'IPv4 in other clothes',
    ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a00:1', '64:ff9b::a00:1', '2002:a00:1::', '2001::1'],
  ],
  ['no address', ['', 'localhost', '1.2.3', '0x7f000001']],
])('what belongs to %s is not', (_what, addresses) => {
  expect(addresses.filter(isPublicAddress)).toEqual([]);
});

const address = (text: string): LookupAddress => ({ address: text, family: text.includes(':') ? 6 : 4 });

/** What a socket is told when a name leads to these. */
function lookUp(addresses: string[], all: boolean): Promise<unknown> {
  const lookup = publicLookup((_hostname, _options, callback) => callback(null, addresses.map(address)));
  return new Promise((resolve, reject) => {
    lookup('push.example.com', { all }, (error, found, family) => {
      if (error !== null) reject(error);
      else resolve(all ? found : { address: found, family });
    });
  });
}

test('of the addresses of a name a socket gets those that are public, all or one', async () => {
  const addresses = ['10.0.0.1', '8.8.8.8', '::1', '2606:4700::1111'];
  expect(await lookUp(addresses, true)).toEqual([address('8.8.8.8'), address('2606:4700::1111')]);
  expect(await lookUp(addresses, false)).toEqual(address('8.8.8.8'));
});

test.each([true, false])('a name without one leads nowhere (all: %s)', async (all) => {
  const refused = 'push.example.com leads to an address that is not public';
  await expect(lookUp(['127.0.0.1', '::ffff:10.0.0.1'], all)).rejects.toThrow(refused);
  await expect(lookUp([], all)).rejects.toThrow(refused);
});

test('a name that is not found stays so', async () => {
  const missing = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
  const lookup = publicLookup((_hostname, _options, callback) => callback(missing, []));
  const told = await new Promise((resolve) => lookup('push.example.com', { all: true }, resolve));
  expect(told).toBe(missing);
});
