import { resultOfSmtpError } from './smtp-result.ts';

// What a server does is tested with real sockets, in smtp-outcomes.int.test.ts; here is what no server of a test does.
const error = (message: string, fields: object) => Object.assign(new Error(message), fields);
const certificate = (originalCode: string) => ({ code: 'ESOCKET', command: 'CONN', originalCode });

test.each([
  ['nodemailer refuses the address', { code: 'EENVELOPE', command: 'API' }, { kind: 'rejected' }],
  ['no password is set', { code: 'EAUTH', command: 'API' }, { kind: 'failed', refusesUs: true }],
  ['the CA is unknown', certificate('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), { kind: 'failed' }],
  ['the certificate has expired', certificate('CERT_HAS_EXPIRED'), { kind: 'failed' }],
  ['the name is not known', { code: 'EDNS', command: 'CONN' }, { kind: 'failed' }],
  [
    'the session was in the wrong state',
    { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 503, permanent: false },
    { kind: 'failed' },
  ],
  [
    'a reply of several lines is about us',
    {
      code: 'EENVELOPE',
      command: 'RCPT TO',
      responseCode: 550,
      permanent: true,
      response: '550-5.7.1 Unauthenticated email\n550 5.7.1 is not accepted',
    },
    { kind: 'failed', refusesUs: 'maybe' },
  ],
])('%s: %j is %j', (message, fields, wanted) => {
  expect(resultOfSmtpError(error(message, fields), { mayBeAccepted: false })).toEqual({
    ...wanted,
    error: message,
  });
});

test('a reply to no command does not tell what became of a mail whose final dot was sent', () => {
  const thrown = error('closed', {
    code: 'ECONNECTION',
    command: 'CONN',
    responseCode: 554,
    permanent: true,
  });
  expect(resultOfSmtpError(thrown, { mayBeAccepted: true })).toEqual({ kind: 'unknown', error: 'closed' });
});
