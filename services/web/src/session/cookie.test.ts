import { isKey, kindOf, noSessionCookies, sessionCookies } from './cookie.ts';

const over = (url: string, headers: Record<string, string> = {}) => new Request(url, { headers });

test('no script reads it, no other site has it sent, and over TLS it stays there', () => {
  const expected = { value: 'demo_asha', httpOnly: true, sameSite: 'strict', path: '/', secure: false };
  const cookiesOver = (request: Request) => sessionCookies('demo_asha', 'account', request);
  const [key, kind] = cookiesOver(over('http://localhost:3000/session'));
  expect(key).toMatchObject(expected);
  expect(kind).toMatchObject({ ...expected, value: 'account' });
  expect(cookiesOver(over('https://pay.example.com/session')).map(({ secure }) => secure)).toEqual([
    true,
    true,
  ]);
  const behindProxy = over('http://web:3000/session', { 'x-forwarded-proto': 'https, http' });
  expect(cookiesOver(behindProxy).map(({ secure }) => secure)).toEqual([true, true]);
});

test('both go together', () => {
  const request = over('http://localhost:3000');
  const names = sessionCookies('k', 'operator', request).map(({ name }) => name);
  const gone = noSessionCookies(request);
  expect(gone.map(({ name, value, maxAge }) => ({ name, value, maxAge }))).toEqual(
    names.map((name) => ({ name, value: '', maxAge: 0 })),
  );
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
