import type { Fetch } from './transports/http-client.ts';
import { addressOf, type GetToken } from './transports/transport.ts';

export interface KeyTokenOptions {
  /** Of the transaction service. */
  url: string;
  /** An API key. For back ends: a page shows its key to everybody who looks. */
  key: string;
  fetch?: Fetch;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** The client tries again if the transaction service gives no answer within this time. */
const TIMEOUT_MS = 5_000;
/** A token that ends so soon is not begun with. */
const MARGIN_MS = 30_000;

/**
 * Exchanges an API key for tokens, each used until shortly before it ends. Give what it returns as `token`.
 *
 * It rejects while it cannot have one; the client then tries again later.
 */
export function keyToken({ url, key, fetch = globalThis.fetch, now = Date.now }: KeyTokenOptions): GetToken {
  let cached: { token: string; expiresAtMs: number } | undefined;
  return async ({ renew }) => {
    if (!renew && cached !== undefined && cached.expiresAtMs - now() > MARGIN_MS) return cached.token;
    const headers = { authorization: `Bearer ${key}` };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(addressOf(url, 'v1/tokens'), { method: 'POST', headers, signal });
    if (!response.ok) throw new Error(`no token: the transaction service answered ${response.status}`);
    const { token, expiresAt } = (await response.json()) as { token: string; expiresAt: string };
    cached = { token, expiresAtMs: Date.parse(expiresAt) };
    return token;
  };
}
