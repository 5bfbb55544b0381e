import { NextResponse, type NextRequest } from 'next/server';
import { config as webConfig } from './config.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { countPage } from './metrics.ts';

/** Gives each page a policy of its own. Next finds the nonce in the request's policy and puts it on its scripts. */
export function proxy(request: NextRequest): NextResponse {
  const { publicAddresses: addresses, isDevelopment } = webConfig();
  const nonce = btoa(crypto.randomUUID());
  const policy = contentSecurityPolicy({ nonce, addresses, isDevelopment });
  countPage(request.nextUrl.pathname);

  const headers = new Headers(request.headers);
  headers.set('x-nonce', nonce);
  headers.set('content-security-policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('content-security-policy', policy);
  return response;
}

/** Pages alone: files need no policy, probes are asked all the time. */
export const config = {
  matcher: ['/((?!_next/|session|demo/|livez|readyz|metrics|icon|manifest|sw\\.js).*)'],
};
