import fc from 'fast-check';
import { normaliseError } from './normalise-error.ts';

test.each([
  ['550 5.1.1 <ravi@example.com>: no such user', '550 5.1.1 <email>: no such user'],
  ['550 no such user: person-1.x+y@mail.example.co.in.', '550 no such user: <email>.'],
  ['mailbox of रवि@उदाहरण.भारत is full', 'mailbox of <email> is full'],
  ['HTTP 429: too many, retry after 30 s', 'HTTP 429: too many, retry after 30 s'],
  ['400 no such number +917010233311', '400 no such number <phone>'],
  ['400 no such number +91 70102-33311', '400 no such number <phone>'],
  ['no such number 7010233311', 'no such number <n>'],
  ['reference 018F3c2a-0000-7000-8000-00000000abcd.payee is taken', 'reference <id>.payee is taken'],
  ['etag d41d8cd98f00b204e9800998ecf8427e differs', 'etag <id> differs'],
  ['message SM1a2b3C4d5E6f refused', 'message <id> refused'],
  ['451 4.7.1 try again, queued as 4F1D2A3B', '451 4.7.1 try again, queued as <id>'],
  ['connect ECONNREFUSED 127.0.0.1:1025', 'connect ECONNREFUSED <host>'],
  ['connect ECONNREFUSED ::1:1025', 'connect ECONNREFUSED <host>'],
  ['connect ETIMEDOUT [2001:db8::17]:25', 'connect ETIMEDOUT <host>'],
  ['std::bad_alloc at 12.5 %', 'std::bad_alloc at 12.5 %'],
  [
    'GET https://user:pw@sms.example.com:8443/v1/messages/77?x=1 failed',
    'GET https://<host>/v1/messages/77?x=1 failed',
  ],
  ['no answer within 10000 ms', 'no answer within <n> ms'],
  ['limit of 1,00,000.00 reached', 'limit of <n> reached'],
  [`"Ravi" isn't known, nor is 'Asha Rao'`, `<text> isn't known, nor is <text>`],
  ['malformed: data.amount: Too small', 'malformed: data.amount: Too small'],
  ['unknown type: payfan.transfer.completed.v9', 'unknown type: payfan.transfer.completed.v9'],
  ['  two\r\n\tlines\u0000 ', 'two lines'],
  ['', ''],
])('%j is of the group %j', (error, group) => {
  expect(normaliseError(error)).toBe(group);
});

test('it is cut, but not through a character', () => {
  expect(normaliseError('x'.repeat(600))).toBe('x'.repeat(500));
  expect(normaliseError(`${'x'.repeat(499)}😀`)).toBe('x'.repeat(499));
  expect(normaliseError(`${'x'.repeat(498)}😀😀`)).toBe(`${'x'.repeat(498)}😀`);
});

test('whatever the error, its group is its own group, short, and without long numbers', () => {
  const scraps = fc.constantFrom(
    ...[' ', '"', "'", '`', '‘', '’', '1', '4321', 'abcdef', '12ab34cd', '@', '.', ':', '/', '://', 'https'],
    ...['+', '91', '-', '[', ']', '<', '>', '<id>', '😀', '\u0000', '\n', ',', 'x'.repeat(120), '::1'],
  );
  const error = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 700 }),
    fc.array(scraps, { maxLength: 80 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(error, (text) => {
      const group = normaliseError(text);
      expect(normaliseError(group)).toBe(group);
      expect(group.length).toBeLessThanOrEqual(500);
      expect(group).not.toMatch(/\d{4}|\s\s|[a-z0-9]@[a-z0-9]/);
      expect(Buffer.from(group).toString()).toBe(group);
    }),
    { numRuns: 500 },
  );
});
