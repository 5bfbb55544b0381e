import { bareMessageId, headerOf, parseMail } from './mail-message.ts';
import type { MailMessage, MailParts } from './mail-message.ts';

const RECEIVED_AT = new Date('2026-01-01T00:00:00.000Z');

function read(lines: readonly string[], envelope: { From?: string; To?: string[] } = {}): MailMessage {
  const raw = { From: 'payfan@example.com', To: ['asha@example.com'], Helo: 'there', ...envelope };
  return parseMail({ ...raw, Data: lines.join('\r\n') }, { id: 'id-1', receivedAt: RECEIVED_AT });
}

test('has the shape that MailHog gives', () => {
  expect(read(['Subject: Credit', '', 'line', 'end'])).toEqual({
    ID: 'id-1',
    From: { Relays: null, Mailbox: 'payfan', Domain: 'example.com', Params: '' },
    To: [{ Relays: null, Mailbox: 'asha', Domain: 'example.com', Params: '' }],
    Content: {
      Headers: {
        Subject: ['Credit'],
        'Message-ID': ['id-1'],
        Received: [
          'from there by sandbox.payfan (MailHog)\r\n          id id-1; Thu, 01 Jan 2026 00:00:00 GMT',
        ],
        'Return-Path': ['<payfan@example.com>'],
      },
      Body: 'line\r\nend',
      Size: 28,
      MIME: null,
    },
    Created: '2026-01-01T00:00:00.000Z',
    MIME: null,
    Raw: {
      From: 'payfan@example.com',
      To: ['asha@example.com'],
      Helo: 'there',
      Data: 'Subject: Credit\r\n\r\nline\r\nend',
    },
  });
});

test('gathers headers by name, whatever its case, and unfolds them', () => {
  const { Headers } = read([
    'X-A: 1',
    'x-a:2',
    'Long: one',
    '\ttwo',
    ' three',
    'rubbish',
    ': none',
    '',
    '',
  ]).Content;
  expect(Headers).toMatchObject({ 'X-A': ['1', '2'], Long: ['one\ttwo three'] });
  expect(headerOf(Headers, 'LONG')).toBe('one\ttwo three');
  expect(headerOf(Headers, 'rubbish')).toBeUndefined();
});

test('keeps the sender’s own Message-ID', () => {
  expect(read(['message-id: <d-1@payfan>', '', '']).Content.Headers).toMatchObject({
    'message-id': ['<d-1@payfan>'],
  });
  expect(['<a@b>', ' <a@b> ', 'a@b'].map(bareMessageId)).toEqual(['a@b', 'a@b', 'a@b']);
});

test('a header may have any name, and a mail no header at all', () => {
  const { Headers } = read(['__proto__: x', 'constructor: y', '', '']).Content;
  expect(Object.keys(Headers)).toEqual(expect.arrayContaining(['__proto__', 'constructor']));
  expect(headerOf(Headers, 'toString')).toBeUndefined();
  expect(read(['just text']).Content.Body).toBe('just text');
});

test('splits a multipart body, and what is multipart inside it', () => {
  const { MIME } = read([
    'Content-Type: multipart/mixed; boundary="outer"',
    '',
    '--outer',
    'Content-Type: multipart/alternative;',
    ' boundary=inner',
    '',
    '--inner',
    'Content-Type: text/plain',
    '',
    'Hello',
    '--inner--',
    '--outer',
    'Content-Type: text/csv',
    '',
    'a,b',
    '--outer--',
  ]);
  const described = (parts: MailParts | null): unknown =>
    parts?.Parts.map((part) => [
      headerOf(part.Headers, 'Content-Type') ?? part.Body,
      part.MIME === null ? part.Body : described(part.MIME),
    ]);
  expect(described(MIME)).toEqual([
    [
      'multipart/alternative; boundary=inner',
      [
        ['text/plain', 'Hello'],
        ['--', '--'],
      ],
    ],
    ['text/csv', 'a,b'],
    ['--', '--'],
  ]);
});

test('a mail of very many parts does not become very many objects', () => {
  const leaf = '--b\r\n'.repeat(2_000);
  const branch = `--a\r\nContent-Type: multipart/x; boundary=b\r\n\r\n${leaf}`;
  const { MIME } = read(['Content-Type: multipart/x; boundary=a', '', branch.repeat(300)]);
  const count = (parts: MailParts | null): number =>
    (parts?.Parts ?? []).reduce((sum, part) => sum + 1 + count(part.MIME), 0);
  expect(count(MIME)).toBeLessThanOrEqual(200);
});

test.each([
  [{ From: '', To: [] }, ''],
  [{ From: 'postmaster', To: ['a@b@c'] }, 'postmaster'],
])('takes the envelope %j as it is', (envelope, mailbox) => {
  expect(read([''], envelope).From).toMatchObject({ Mailbox: mailbox, Domain: '' });
});
