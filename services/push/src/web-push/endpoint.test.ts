import { readEndpoint } from './endpoint.ts';

const hosts = ['fcm.googleapis.com', '*.push.apple.com'];
const read = (text: string, sandboxUrl?: string) => readEndpoint(text, { hosts, sandboxUrl });

test.each([
  'https://fcm.googleapis.com/fcm/send/abc:def',
  'https://web.push.apple.com/QGu',
  'https://one.two.push.apple.com/',
  'https://fcm.googleapis.com/x?y=z',
])('%s is allowed', (text) => {
  expect(read(text)).toEqual({ url: new URL(text), isSandbox: false });
});

test('one endpoint has one spelling', () => {
  expect(read('HTTPS://FCM.googleapis.com:443/a/../b')?.url.href).toBe('https://fcm.googleapis.com/b');
});

test.each([
  ['plain HTTP', 'http://fcm.googleapis.com/x'],
  ['another scheme', 'file:///etc/passwd'],
  ['another host', 'https://example.com/x'],
  ['a host that begins like one', 'https://fcm.googleapis.com.example.com/x'],
  ['a host that ends like one', 'https://evilpush.apple.com/x'],
  ['the name above', 'https://push.apple.com/x'],
  ['a name with a dot at its end', 'https://fcm.googleapis.com./x'],
  ['another port', 'https://fcm.googleapis.com:8443/x'],
  ['a user', 'https://user@fcm.googleapis.com/x'],
  ['a password', 'https://:secret@fcm.googleapis.com/x'],
  ['a host in what looks like a user', 'https://fcm.googleapis.com@example.com/x'],
  ['a backslash', 'https://example.com\\fcm.googleapis.com/x'],
  ['a fragment', 'https://fcm.googleapis.com/x#y'],
  ['an IPv4 address', 'https://169.254.169.254/latest/meta-data'],
  ['an address in hexadecimal', 'https://0x7f.1/x'],
  ['an IPv6 address', 'https://[::1]/x'],
  ['an IPv4 address in IPv6', 'https://[::ffff:127.0.0.1]/x'],
  ['this machine', 'https://localhost/x'],
  ['no URL', 'fcm.googleapis.com'],
  ['nothing', ''],
  ['what is too long', `https://fcm.googleapis.com/${'x'.repeat(1_000)}`],
  ['what becomes too long', `https://fcm.googleapis.com/${'ü'.repeat(400)}`],
])('%s is not', (_what, text) => {
  expect(read(text)).toBeUndefined();
});

test('an address is refused even where the rules would fit its text', () => {
  expect(readEndpoint('https://127.0.0.1/x', { hosts: ['127.0.0.1', '*.0.0.1'] })).toBeUndefined();
});

test('the sandbox is allowed where it is named, and nothing else that is private', () => {
  const sandbox = 'http://127.0.0.1:8027';
  expect(read(`${sandbox}/push/1`, sandbox)).toMatchObject({ isSandbox: true });
  expect(read('https://fcm.googleapis.com/x', sandbox)).toMatchObject({ isSandbox: false });
  for (const other of ['http://127.0.0.1:8026/x', 'https://127.0.0.1:8027/x', 'http://localhost:8027/x']) {
    expect(read(other, sandbox)).toBeUndefined();
  }
  expect(read(`${sandbox}/push/1`)).toBeUndefined();
});
