import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { withDeadline } from '@payfan/service';

/** A resolver that is away answers nothing for long, and the operator waits. */
const RESOLVE_TIMEOUT_MS = 2_000;

/** Every address of a host name, as this machine finds them. Rejects if there is none. */
export type Resolve = (hostname: string) => Promise<{ address: string; family: number }[]>;

export const resolveByDns: Resolve = (hostname) =>
  withDeadline({ timeoutMs: RESOLVE_TIMEOUT_MS }, () => lookup(hostname, { all: true }));

/** One gateway. */
export interface GatewayAddress {
  /** `http://10.0.0.7:4010`. */
  readonly origin: string;
  /** With https: the name that its certificate must be for, where the origin has an IP address instead. */
  readonly serverName: string | undefined;
}

/**
 * Where the gateways are that a URL means: as many as its host name has addresses, since copies of a container
 * share a name. Rejects if the name has no address.
 */
export async function addressesOf(url: string, resolve: Resolve): Promise<GatewayAddress[]> {
  const { protocol, hostname } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const serverName = protocol === 'https:' && isIP(host) === 0 ? host : undefined;
  const found = await resolve(host);
  // A host of two families is there once in each: it would be listed twice.
  const ofOneFamily = found.filter(({ family }) => family === found[0]?.family);
  const origins = new Set(ofOneFamily.map(({ address, family }) => withHost(url, address, family)));
  return [...origins].map((origin) => ({ origin, serverName }));
}

function withHost(url: string, address: string, family: number): string {
  const at = new URL(url);
  at.hostname = family === 6 ? `[${address}]` : address;
  return at.origin;
}
