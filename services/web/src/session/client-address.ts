import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Next bundles each route by itself, so what they share must be kept where all of them see it. */
const KEY = Symbol.for('payfan.web.remote-address');
const shared = globalThis as unknown as Record<symbol, AsyncLocalStorage<string | undefined> | undefined>;
const remoteAddress = (shared[KEY] ??= new AsyncLocalStorage());

/**
 * Remembers for each request the address of its connection. Next does not pass it on: it writes it to
 * `X-Forwarded-For`, but only if the client did not send that header itself.
 */
export function rememberRemoteAddresses(): void {
  subscribe('http.server.request.start', (message) => {
    remoteAddress.enterWith((message as { socket: Socket }).socket.remoteAddress);
  });
}

/**
 * The address of the client whose request is being answered, by the rule of shared/service/src/http/client-address.ts:
 * each trusted proxy appended one entry to `X-Forwarded-For`, and the client may have invented the entries before those.
 *
 * @returns undefined if the connection's address is needed and unknown
 */
export function clientAddress(headers: Pick<Headers, 'get'>, trustedProxies: number): string | undefined {
  const forwarded = (headers.get('x-forwarded-for') ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const hops = [...forwarded, remoteAddress.getStore()];
  return hops[Math.max(0, hops.length - 1 - trustedProxies)];
}
