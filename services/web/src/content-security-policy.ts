import type { PublicAddresses } from './config.ts';

export interface PolicyOptions {
  /** New for each response. */
  nonce: string;
  /** Whom scripts may talk to, beside our own server. */
  addresses: PublicAddresses;
  /** `next dev` evaluates its modules, and puts styles into the page. */
  isDevelopment: boolean;
}

/**
 * Scripts run only if this response names them, or if one that it names loads them
 * (https://www.w3.org/TR/CSP3/#strict-dynamic-usage); they reach our own APIs and nobody else.
 */
export function contentSecurityPolicy({ nonce, addresses, isDevelopment }: PolicyOptions): string {
  const origins = Object.values<string>({ ...addresses }).map((url) => new URL(url).origin);
  const gateway = new URL(addresses.gateway);
  const webSocket = `${gateway.protocol === 'https:' ? 'wss' : 'ws'}://${gateway.host}`;
  const directives: Record<string, string[]> = {
    'default-src': ["'self'"],
    'script-src': [
      "'self'",
      `'nonce-${nonce}'`,
      "'strict-dynamic'",
      ...(isDevelopment ? ["'unsafe-eval'"] : []),
    ],
    'style-src': ["'self'", isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`],
    'connect-src': ["'self'", ...new Set([...origins, webSocket])],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'worker-src': ["'self'"],
    'manifest-src': ["'self'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources.join(' ')}`)
    .join('; ');
}
