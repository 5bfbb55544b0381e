import { isHttps, isKey, kindOf, noSessionCookies, sessionCookies, sessionIn } from './cookie.ts';

const SESSION = `ps_${'x'.repeat(43)}`;
const over = (url: string, headers: Record<string, string> = {}) => new Request(url, { headers });
const plain = over('http://localhost:3000/session');
const tls = over('https://pay.example.com/session');
const behindProxy = over('http://web:3000/session', { 'x-forwarded-proto': 'https, http' });

test('no script reads it, no other site has a change sent with it, and it holds the session', () => {
  const expected = { httpOnly: true, sameSite: 'lax', path: '/', secure: false };
  const [session, kind] = sessionCookies(SESSION, 'account', plain);
  expect(session).toMatchObject({ ...expected, name: 'payfan_web_session', value: SESSION });
  expect(kind).toMatchObject({ ...expected, value: 'account' });
});

test.each([
  ['over TLS', tls],
  ['behind a proxy that ends TLS', behindProxy],
])('%s it stays with this host and with TLS', (_where, request) => {
  const cookies = sessionCookies(SESSION, 'account', request);
  expect(cookies.map(({ secure }) => secure)).toEqual([true, true]);
  expect(cookies[0]).toMatchObject({ name: '__Host-payfan_web_session', path: '/' });
  expect(isHttps(request.headers, request.url)).toBe(true);
});

test.each([plain, tls])('signing out takes all of them away, an earlier version’s too', (request) => {
  const names = sessionCookies(SESSION, 'operator', request).map(({ name }) => name);
  expect(noSessionCookies(request).map(({ name, value, maxAge }) => ({ name, value, maxAge }))).toEqual(
    [...names, 'payfan_session'].map((name) => ({ name, value: '', maxAge: 0 })),
  );
});

const jarOf = (cookies: Record<string, string>) => ({
  get: (name: string) => (cookies[name] === undefined ? undefined : { value: cookies[name] }),
});

test.each([
  ['the session over plain http', { payfan_web_session: SESSION }, plain, SESSION],
  ['the session over TLS', { '__Host-payfan_web_session': SESSION }, behindProxy, SESSION],
  ['one that another host may have set', { payfan_web_session: SESSION }, tls, undefined],
  ['what an earlier version kept', { payfan_session: 'demo_asha' }, plain, undefined],
  ['an API key', { payfan_web_session: 'demo_asha' }, plain, undefined],
  ['nothing', {}, plain, undefined],
])('of %s', (_what, cookies, { headers, url }, expected) => {
  expect(sessionIn(jarOf(cookies), headers, url)).toBe(expected);
});

test('a kind that is none is not known', () => {
  expect(['operator', 'king', '', undefined].map(kindOf)).toEqual([
    'operator',
    undefined,
    undefined,
    undefined,
  ]);
});

test.each(['demo_asha', 'eyJhbGciOi.J9-_.x+/='])('%s is a key', (text) => expect(isKey(text)).toBe(true));
test.each(['', 'a b', 'a;b', 'a\r\nb', 'ключ', 'a'.repeat(513), undefined, 7])('%j is none', (text) =>
  expect(isKey(text)).toBe(false),
);
