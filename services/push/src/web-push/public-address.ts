import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIPv4, isIPv6, type LookupFunction } from 'node:net';

/** https://www.iana.org/assignments/iana-ipv4-special-registry: whatever is not reachable by everybody. */
const NOT_PUBLIC_V4: [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
/** Within 2000::/3, https://www.iana.org/assignments/iana-ipv6-special-registry: tunnels (which name IPv4 addresses) and documentation. */
const NOT_PUBLIC_V6: [string, number][] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const notPublic = new BlockList();
for (const [net, prefix] of NOT_PUBLIC_V4) notPublic.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of NOT_PUBLIC_V6) notPublic.addSubnet(net, prefix, 'ipv6');
/** All that is assigned to the world. IPv4 in other clothes (::ffff:0:0/96, 64:ff9b::/96) is outside of it. */
const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');

/** Whether an address belongs to the internet at large: not to this machine, its networks, or nobody. */
export function isPublicAddress(address: string): boolean {
  if (isIPv6(address)) return global.check(address, 'ipv6') && !notPublic.check(address, 'ipv6');
  return isIPv4(address) && !notPublic.check(address, 'ipv4');
}

/** A name leads to an address that is ours or nobody's. */
class AddressNotPublic extends Error {
  constructor(hostname: string) {
    super(`${hostname} leads to an address that is not public`);
    this.name = 'AddressNotPublic';
  }
}

/** The system's resolver, asked for all addresses of a name. */
export type Resolve = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * For sockets: resolves names to public addresses alone. The socket connects to what this answers, so nothing
 * can change between the check and the connection. Not asked about what is an address already.
 */
export function publicLookup(resolve: Resolve = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const allowed = error === null ? addresses.filter(({ address }) => isPublicAddress(address)) : [];
      const [first] = allowed;
      if (first === undefined) callback(error ?? new AddressNotPublic(hostname), '', 0);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
