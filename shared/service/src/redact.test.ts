import fc from 'fast-check';
import { REDACTED, isSensitiveKey, redact, redactText } from './redact.ts';

const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhc2hhIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ';

test.each([
  ['a phone number', 'sms to +917010233311 failed', `sms to ${REDACTED} failed`],
  ['a phone number with spaces', 'call +91 70102 33311', `call ${REDACTED}`],
  ['an email address', 'no such user asha.rao+x@mail.example.com here', `no such user ${REDACTED} here`],
  ['an email address in brackets', '550 <asha@example.com> unknown', `550 <${REDACTED}> unknown`],
  ['an email address beyond ASCII', 'जय@उदाहरण.भारत', REDACTED],
  ['a bearer value', 'sent Authorization: Bearer demo_asha', `sent Authorization: Bearer ${REDACTED}`],
  ['a bearer subprotocol', 'offered bearer.abc.def', `offered bearer.${REDACTED}`],
  ['a JWT', `got ${JWT}!`, `got ${REDACTED}!`],
  ['the password in a URL', 'amqp://guest:s3cret@rabbit:5672/x', `amqp://guest:${REDACTED}@rabbit:5672/x`],
  ['a password with an at sign', 'postgres://me:p@ss@db/x', `postgres://me:${REDACTED}@db/x`],
  ['a password without a user', 'redis://:s3cret@cache', `redis://:${REDACTED}@cache`],
  ['a password in a connection string', 'host=db password=abc user=x', `host=db password=${REDACTED} user=x`],
  ['a token in a query', 'GET /x?a=1&access_token=abc&b=2', `GET /x?a=1&access_token=${REDACTED}&b=2`],
  ['several at once', '+917010233311 and a@b.in', `${REDACTED} and ${REDACTED}`],
])('redactText takes out %s', (_what, text, expected) => {
  expect(redactText(text)).toBe(expected);
});

test.each([
  'transfer 0190c8a0-5b8e-7cc0-9f5e-6b1c5a0b7d11 committed',
  'took 1.5e+21 ms, +3 more',
  'at Object.<anonymous> (/app/node_modules/@payfan/service/dist/index.js:12:34)',
  'pino@10.4.0',
  'http://127.0.0.1:4000/v1/transfers?limit=10',
  'routing_key=transfer.credited',
  'rabbit@node1 is up',
  'GET /v1/transfers/{id} 200',
])('redactText leaves alone: %s', (text) => {
  expect(redactText(text)).toBe(text);
});

test('redactText cuts what is very long', () => {
  expect(redactText('x'.repeat(20_000))).toBe(`${'x'.repeat(16_384)}… (3616 characters more)`);
});

test.each([
  ['repeated local part', 'a'.repeat(16_000) + '@'],
  ['repeated labels', `a@${'b.'.repeat(8_000)}`],
  ['repeated schemes', 'a://'.repeat(4_000) + '@'],
  ['repeated digits', '+' + '1 '.repeat(8_000)],
  ['repeated colons', 'x://' + ':a'.repeat(8_000)],
  ['repeated JWT starts', 'eyJ.'.repeat(4_000)],
])('redactText stays quick on a hostile string: %s', (_what, text) => {
  const startedAt = performance.now();
  redactText(text);
  expect(performance.now() - startedAt).toBeLessThan(500);
});

test.each([
  'authorization',
  'Cookie',
  'set-cookie',
  'key',
  'apiKey',
  'api_key',
  'X-Api-Key',
  'token',
  'accessToken',
  'refresh_tokens',
  'password',
  'SMTP_PASSWORD',
  'clientSecret',
  'phone',
  'payerPhone',
  'email',
  'to',
  'address',
  'recipient',
  'body',
  'privateKey',
])('%s is a sensitive key', (key) => {
  expect(isSensitiveKey(key)).toBe(true);
});

test.each([
  'id',
  'routingKey',
  'keys',
  'status',
  'total',
  'from',
  'tokenCount',
  'recipientCount',
  'bodyLimit',
  'channel',
])('%s is not', (key) => {
  expect(isSensitiveKey(key)).toBe(false);
});

test('redacts at any depth, whatever the value is', () => {
  expect(
    redact({
      a: [{ b: { c: [{ phone: 7010233311, ok: 1 }] } }],
      headers: { authorization: 'x', accept: 'json' },
      token: { nested: 'x' },
      note: ['write to asha@example.com'],
    }),
  ).toEqual({
    a: [{ b: { c: [{ phone: REDACTED, ok: 1 }] } }],
    headers: { authorization: REDACTED, accept: 'json' },
    token: REDACTED,
    note: [`write to ${REDACTED}`],
  });
});

test('keeps whether there was a value', () => {
  expect(redact({ phone: null, email: true, token: undefined })).toEqual({
    phone: null,
    email: true,
    token: undefined,
  });
});

test('gives back what needs no change, without a copy', () => {
  const harmless = { id: 'x', n: 1, list: [1, 2, { at: new Date(0) }] };
  expect(redact(harmless)).toBe(harmless);
});

test('never changes what it was given', () => {
  const given = { list: [{ phone: '+917010233311' }], text: 'a@b.in' };
  const before = structuredClone(given);
  redact(given);
  expect(given).toEqual(before);
});

test('cuts cycles, but not what merely appears twice', () => {
  const shared = { id: 1 };
  const loop: Record<string, unknown> = { first: shared, second: shared };
  loop['self'] = loop;
  expect(redact(loop)).toEqual({ first: { id: 1 }, second: { id: 1 }, self: '[circular]' });
});

test('stops at a great depth', () => {
  let deep: object = { phone: 'x' };
  for (let level = 0; level < 10_000; level += 1) deep = { deep };
  expect(JSON.stringify(redact(deep))).toContain('[too deep]');
});

test('tells the essence of errors, their causes, and refused connections', () => {
  const cause = Object.assign(new Error('connect amqp://a:b@c refused'), { code: 'ECONNREFUSED' });
  const error = new TypeError('no mail for asha@example.com', { cause });
  expect(redact({ failure: error })).toEqual({
    failure: {
      type: 'TypeError',
      message: `no mail for ${REDACTED}`,
      stack: expect.stringContaining(`TypeError: no mail for ${REDACTED}`) as string,
      cause: {
        type: 'Error',
        message: `connect amqp://a:${REDACTED}@c refused`,
        stack: expect.stringContaining(`amqp://a:${REDACTED}@c`) as string,
        code: 'ECONNREFUSED',
      },
    },
  });
  expect(redact(new AggregateError([cause]))).toMatchObject({
    type: 'AggregateError',
    errors: [{ code: 'ECONNREFUSED' }],
  });
});

test('an error that is its own cause ends', () => {
  const error = new Error('round');
  error.cause = error;
  expect(redact(error)).toMatchObject({ message: 'round', cause: '[circular]' });
});

test.each([
  ['a Buffer', Buffer.from('secret'), '[6 bytes]'],
  ['a URL', new URL('smtp://u:p@mail'), `smtp://u:${REDACTED}@mail`],
  ['a bigint', 10n, '10'],
  ['a Map', new Map([['phone', 'x']]), { phone: REDACTED }],
  ['a Set', new Set(['a@b.in']), [REDACTED]],
  ['a toJSON', { toJSON: () => ({ token: 'x' }) }, { token: REDACTED }],
])('knows %s', (_what, value, expected) => {
  expect(redact({ value })).toEqual({ value: expected });
});

test('a value that cannot be read does not take the line with it', () => {
  const trap = {
    get value(): string {
      throw new Error('no');
    },
  };
  expect(redact(trap)).toBe('[could not be logged: no]');
});

test('no address or number of a person survives, wherever it stands', () => {
  // A slash is legal in an address and never used; in logs it ends a path.
  const email = fc.emailAddress().filter((address) => !address.includes('/'));
  const phone = fc.stringMatching(/^\+[1-9][0-9]{9,12}$/);
  fc.assert(
    fc.property(fc.oneof(email, phone), fc.stringMatching(/^[ <("'\n]{1,3}$/), (secret, before) => {
      const written = JSON.stringify(
        redact({ deep: [{ text: `said${before}${secret} then`, email: secret }] }),
      );
      expect(written).not.toContain(JSON.stringify(secret).slice(1, -1));
    }),
  );
});
