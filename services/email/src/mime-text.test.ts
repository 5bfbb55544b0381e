import { simpleParser } from 'mailparser';
import type { Mail } from './mail.ts';
import { asciiAddress, mimeWriter } from './mime-text.ts';

const from = { name: 'Payfan', address: 'alerts@payfan.example' };
const posting = { messageId: '<event-1.payer@payfan.example>', date: new Date('2026-01-02T03:04:05Z') };

const mail = (given: Partial<Mail>): Mail => ({
  to: { name: 'Ravi', address: 'ravi@example.com' },
  subject: 'You received ₹100.00 from Asha',
  text: 'Hello\n',
  html: '<p>Hello</p>\n',
  ...given,
});

const hindi = 'नमस्ते रवि, आपको ₹100.00 मिले हैं। '.repeat(20);
const cases: [string, Partial<Mail>][] = [
  ['plain text', { text: 'Hello Ravi,\n\nYou received Rs 100.00.\n', subject: 'You received Rs 100' }],
  ['long lines', { text: 'pay '.repeat(100), html: `<p>${'pay '.repeat(100)}</p>` }],
  ['lines of every length', { text: Array.from({ length: 200 }, (_, n) => 'é='.repeat(n)).join('\n') }],
  ['lines that begin with a dot', { text: '.\n..\nend\n.', html: '<p>\n.\n</p>' }],
  ['spaces at the ends of lines', { text: `Ravi \t\n ₹ \n${'x'.repeat(80)} `, html: '<p> </p>' }],
  ['a boundary in the text', { text: '--=_payfan\nContent-Type: text/html\n\n--=_payfan--\n' }],
  ['text in Hindi', { text: hindi, html: `<p>${hindi}</p>`, subject: hindi.slice(0, 100).trim() }],
  ['no last line end', { text: 'Hello', html: '<p>Hello</p>' }],
  ['an encoded word in a subject', { subject: '=?UTF-8?Q?Hello?=' }],
  ['a name that needs quoting', { to: { name: 'Rao, "Asha" <x@y>', address: 'asha@example.com' } }],
  [
    'a name in Hindi with an emoji',
    { to: { name: `👩🏽‍🎤 ${hindi.slice(0, 90).trim()}`, address: 'r@example.com' } },
  ],
];

test.each(cases)('%s: a mail program reads what was written', async (_what, given) => {
  const wanted = mail(given);
  const read = await simpleParser(mimeWriter(from)({ ...wanted, ...posting }));
  expect(read.from?.value).toEqual([from]);
  expect(read.to).toMatchObject({ value: [wanted.to] });
  expect(read.subject).toBe(wanted.subject);
  expect(read.messageId).toBe(posting.messageId);
  expect(read.date).toEqual(posting.date);
  expect(read.headers.get('auto-submitted')).toBe('auto-generated');
  expect(read.text).toBe(wanted.text);
  expect(read.html).toBe(wanted.html);
});

test.each(cases)('%s: only printable ASCII, in lines of at most 78 characters', (_what, given) => {
  const lines = mimeWriter(from)({ ...mail(given), ...posting }).split('\r\n');
  for (const line of lines) expect(line).toMatch(/^[\t -~]{0,78}$/);
});

test('line breaks in a name or a subject begin no header', async () => {
  const hostile = 'Ravi\r\nBcc: evil@example.com\r\n\r\nbody';
  const written = mimeWriter(from)({
    ...mail({ subject: hostile, to: { name: hostile, address: 'ravi@example.com' } }),
    ...posting,
  });
  const { headers, to, subject } = await simpleParser(written);
  expect([...headers.keys()]).not.toContain('bcc');
  expect(to).toMatchObject({ value: [{ address: 'ravi@example.com' }] });
  expect(subject).toBe('Ravi Bcc: evil@example.com body');
});

test.each([
  ['ravi@example.com', 'ravi@example.com'],
  ['ravi@उदाहरण.भारत', 'ravi@xn--p1b6ci4b4b3a.xn--h2brj9c'],
  ['रवि@उदाहरण.भारत', 'रवि@उदाहरण.भारत'],
])('SMTP takes %s as %s', (address, taken) => {
  expect(asciiAddress(address)).toBe(taken);
});
