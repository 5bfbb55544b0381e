import type { Principal } from './principal.ts';

/** The session, where there is no TLS: on this machine. */
const PLAIN_COOKIE = 'payfan_web_session';
/** Over TLS: browsers accept this name only with Secure, for this host alone and for every path. */
const HOST_COOKIE = `__Host-${PLAIN_COOKIE}`;
/** Earlier versions kept the API key itself here. It is never read, and cleared wherever it is seen. */
export const OLD_COOKIE = 'payfan_session';
/** What kind of owner the session has, so that the first page sent is the right one. No API believes it. */
export const KIND_COOKIE = 'payfan_kind';

/** The transaction service ends a session sooner, by its own rules. */
const MAX_AGE_SECONDS = 30 * 24 * 60 * 60;

/** What a key may be made of, to be a header's value. */
export const isKey = (text: unknown): text is string =>
  typeof text === 'string' && /^[\w.~+/=-]{1,512}$/.test(text);

/** Whether a cookie's value is a session rather than anything else, such as an API key. */
const isSession = (text: unknown): text is string => typeof text === 'string' && /^ps_[\w-]{43}$/.test(text);

export interface CookieOptions {
  name: string;
  value: string;
  httpOnly: true;
  /** A link in a mail leads to a page that is signed in; no other site has a change sent with it. */
  sameSite: 'lax';
  secure: boolean;
  path: '/';
  maxAge: number;
}

/** What keeps a session in the browser. No script reads it. */
export function sessionCookies(session: string, kind: Principal['kind'], request: Request): CookieOptions[] {
  const secure = isHttps(request.headers, request.url);
  return [cookie(nameOf(secure), session, secure), cookie(KIND_COOKIE, kind, secure)];
}

/** Takes away the session, and what an earlier version kept. */
export function noSessionCookies(request: Request): CookieOptions[] {
  const secure = isHttps(request.headers, request.url);
  return [nameOf(secure), KIND_COOKIE, OLD_COOKIE].map((name) => cookie(name, '', secure));
}

interface Jar {
  get(name: string): { value: string } | undefined;
}

/** The session that a request carries, if it carries one. Over TLS a cookie that another host may have set counts for nothing. */
export function sessionIn(jar: Jar, headers: Pick<Headers, 'get'>, url?: string): string | undefined {
  const value = jar.get(nameOf(isHttps(headers, url)))?.value;
  return isSession(value) ? value : undefined;
}

const KINDS: readonly Principal['kind'][] = ['account', 'operator', 'service'];
export const kindOf = (text: string | undefined): Principal['kind'] | undefined =>
  KINDS.find((kind) => kind === text);

const nameOf = (secure: boolean): string => (secure ? HOST_COOKIE : PLAIN_COOKIE);

function cookie(name: string, value: string, secure: boolean): CookieOptions {
  const maxAge = value === '' ? 0 : MAX_AGE_SECONDS;
  return { name, value, httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge };
}

/** Whether the browser speaks TLS, which mostly ends at a proxy in front of this server. */
export function isHttps(headers: Pick<Headers, 'get'>, url?: string): boolean {
  const forwarded = headers.get('x-forwarded-proto')?.split(',')[0]?.trim();
  return (forwarded ?? (url === undefined ? 'http' : new URL(url).protocol.slice(0, -1))) === 'https';
}
