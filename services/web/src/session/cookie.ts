import type { Principal } from './principal.ts';

export const SESSION_COOKIE = 'payfan_session';
/** What kind of owner the session has, so that the first page sent is the right one. No API believes it. */
export const KIND_COOKIE = 'payfan_kind';

/** A month: a key that is revoked ends a session sooner. */
const MAX_AGE_SECONDS = 30 * 24 * 60 * 60;

/** What a key may be made of, to be a header's value and a cookie's. */
export const isKey = (text: unknown): text is string =>
  typeof text === 'string' && /^[\w.~+/=-]{1,512}$/.test(text);

export interface CookieOptions {
  name: string;
  value: string;
  httpOnly: true;
  sameSite: 'strict';
  secure: boolean;
  path: '/';
  maxAge: number;
}

/** What keeps a session in the browser. No script reads it, and no other site has it sent. */
export function sessionCookies(key: string, kind: Principal['kind'], request: Request): CookieOptions[] {
  return [cookie(SESSION_COOKIE, key, request), cookie(KIND_COOKIE, kind, request)];
}

/** Takes both away. */
export function noSessionCookies(request: Request): CookieOptions[] {
  return [cookie(SESSION_COOKIE, '', request), cookie(KIND_COOKIE, '', request)];
}

const KINDS: readonly Principal['kind'][] = ['account', 'operator', 'service'];
export const kindOf = (text: string | undefined): Principal['kind'] | undefined =>
  KINDS.find((kind) => kind === text);

function cookie(name: string, value: string, request: Request): CookieOptions {
  return {
    name,
    value,
    httpOnly: true,
    sameSite: 'strict',
    secure: isHttps(request),
    path: '/',
    maxAge: value === '' ? 0 : MAX_AGE_SECONDS,
  };
}

/** TLS mostly ends in front of us. */
function isHttps(request: Request): boolean {
  const forwarded = request.headers.get('x-forwarded-proto')?.split(',')[0]?.trim();
  return (forwarded ?? new URL(request.url).protocol.slice(0, -1)) === 'https';
}
