import { contentSecurityPolicy } from './content-security-policy.ts';

const addresses = {
  transaction: 'https://api.example.com/transaction',
  gateway: 'https://live.example.com',
  payout: 'https://api.example.com/payout',
  operations: 'https://ops.example.com',
  push: 'https://push.example.com',
};
const directives = (isDevelopment: boolean) =>
  new Map(
    contentSecurityPolicy({ nonce: 'n1', addresses, isDevelopment })
      .split('; ')
      .map((directive) => [directive.split(' ')[0], directive.split(' ').slice(1)]),
  );

test('scripts and styles need the nonce, and nothing unsafe is allowed', () => {
  const policy = directives(false);
  expect(policy.get('script-src')).toEqual(["'self'", "'nonce-n1'", "'strict-dynamic'"]);
  expect(policy.get('style-src')).toEqual(["'self'", "'nonce-n1'"]);
  expect([...policy.values()].flat().filter((source) => source.includes('unsafe'))).toEqual([]);
  for (const name of ['object-src', 'base-uri', 'frame-ancestors'])
    expect(policy.get(name)).toEqual(["'none'"]);
});

test('a page reaches our own APIs and nobody else, each origin once', () => {
  expect(directives(false).get('connect-src')).toEqual([
    "'self'",
    'https://api.example.com',
    'https://live.example.com',
    'https://ops.example.com',
    'https://push.example.com',
    'wss://live.example.com',
  ]);
  const plain = { ...addresses, gateway: 'http://127.0.0.1:4010' };
  expect(contentSecurityPolicy({ nonce: '', addresses: plain, isDevelopment: false })).toContain(
    ' ws://127.0.0.1:4010;',
  );
});

test('only development evaluates code', () => {
  expect(directives(true).get('script-src')).toContain("'unsafe-eval'");
});
