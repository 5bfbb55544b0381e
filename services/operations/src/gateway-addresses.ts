import { lookup } from 'node:dns/promises';

/** Every address of a host name, as this machine finds them. Rejects if there is none. */
export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>;

export const resolveByDns: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Where the gateways are that a URL means: as many as its host name has addresses, since copies of a container
 * share a name. An https URL means one, as its certificate is for the name. Rejects if the name has no address.
 */
export async function addressesOf(url: string, resolve: Resolve): Promise<string[]> {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return [new URL(url).origin];
  const found = await resolve(hostname.replace(/^\[|\]$/g, ''));
  // A host of two families is there once in each: it would be listed twice.
  const ofOneFamily = found.filter(({ family }) => family === found[0]?.family);
  return [...new Set(ofOneFamily.map(({ address, family }) => withHost(url, address, family)))];
}

function withHost(url: string, address: string, family: number): string {
  const at = new URL(url);
  at.hostname = family === 6 ? `[${address}]` : address;
  return at.origin;
}
