import { resultOfSmtpError } from './smtp-result.ts';

const error = (message: string, fields: object) => Object.assign(new Error(message), fields);

test.each([
  [
    'the address does not exist',
    { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, permanent: true },
    'rejected',
  ],
  [
    'the text is refused',
    { code: 'EMESSAGE', command: 'DATA', responseCode: 554, permanent: true },
    'rejected',
  ],
  ['our library refuses the address', { code: 'EENVELOPE', command: 'API' }, 'rejected'],
  [
    'the mailbox is full for now',
    { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 452, permanent: false },
    'failed',
  ],
  ['the server is shutting down', { code: 'EMESSAGE', responseCode: 421, permanent: false }, 'failed'],
  [
    'our password is wrong, which is not the mail’s fault',
    { code: 'EAUTH', responseCode: 535, permanent: true },
    'failed',
  ],
  ['nobody listens', { code: 'ESOCKET', command: 'CONN', originalCode: 'ECONNREFUSED' }, 'failed'],
  ['the name is not known', { code: 'EDNS' }, 'failed'],
  ['no greeting came', { code: 'ETIMEDOUT', timeoutType: 'GREETING_TIMEOUT' }, 'failed'],
  ['TLS did not come about', { code: 'ETLS' }, 'failed'],
  ['its CA is unknown', { code: 'ESOCKET', originalCode: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'failed'],
  ['its certificate has expired', { code: 'ESOCKET', originalCode: 'CERT_HAS_EXPIRED' }, 'failed'],
  ['it has another name', { code: 'ESOCKET', originalCode: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'failed'],
  ['it speaks plain text', { code: 'ESOCKET', originalCode: 'ERR_SSL_WRONG_VERSION_NUMBER' }, 'failed'],
  ['no answer came to the mail', { code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT' }, 'unknown'],
  ['the connection broke in the middle', { code: 'ECONNECTION', command: 'CONN' }, 'unknown'],
  ['the connection was reset', { code: 'ESOCKET', originalCode: 'ECONNRESET' }, 'unknown'],
])('%s: %j is %s', (message, fields, kind) => {
  expect(resultOfSmtpError(error(message, fields), { wasHandedOver: false })).toEqual({
    kind,
    error: message,
  });
});

test.each(['EPROTOCOL', 'ETLS', 'ECONNECTION', 'ETIMEDOUT'])(
  '%s without a reply is unknown once the content of the mail went out',
  (code) => {
    expect(resultOfSmtpError(error('broken', { code }), { wasHandedOver: true }).kind).toBe('unknown');
  },
);

test('connections that closed before the mail went out are a failure', () => {
  const thrown = error('Reached maximum number of retries after connection was closed', {
    code: 'ECONNECTION',
  });
  expect(resultOfSmtpError(thrown, { wasHandedOver: false }).kind).toBe('failed');
});
