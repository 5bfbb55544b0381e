import type { IncomingMessage } from 'node:http';

/**
 * Where a request comes from, behind so many proxies of ours: each appends to `X-Forwarded-For` whom it got
 * the request from, so what stands before those entries is anybody's claim.
 */
export function clientAddress(
  {
    headers,
    socket,
  }: { headers: IncomingMessage['headers']; socket: { remoteAddress?: string | undefined } },
  trustedProxies: number,
): string {
  const forwarded = headers['x-forwarded-for'];
  const entries = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? ''))
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  const hops = [...entries, socket.remoteAddress ?? 'unknown'];
  return hops[Math.max(0, hops.length - 1 - trustedProxies)] ?? 'unknown';
}
