import { NextResponse, type NextRequest } from 'next/server';
import { config as webConfig } from './config.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { countPage } from './metrics.ts';
import { isHttps, OLD_COOKIE } from './session/cookie.ts';

const ONE_YEAR_SECONDS = 365 * 24 * 60 * 60;

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
  if (isHttps(request.headers, request.url)) {
    response.headers.set('strict-transport-security', `max-age=${ONE_YEAR_SECONDS}`);
  }
  // It holds an API key, which no browser should keep.
  if (request.cookies.has(OLD_COOKIE)) response.cookies.set(OLD_COOKIE, '', { path: '/', maxAge: 0 });
  return response;
}

/**
 * Pages alone, that of an unknown address included: files need no policy, probes are asked all the time. By their
 * whole names, as `/sessions`, `/icons` or `/_next/nowhere` is the page that there is no such page.
 */
export const config = {
  matcher: [
    '/((?!_next/static/|(?:_next/image|session|session/token|inbox/mail|inbox/sms|livez|readyz|metrics|icon\\.svg|sw\\.js)$).*)',
  ],
};
