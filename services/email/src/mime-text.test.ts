import { createTransport } from 'nodemailer';
import type { Mail } from './mail.ts';
import { mimeWriter, smtpAddress } from './mime-text.ts';

// It is in the headers; nothing else of time is held up.
beforeEach(() => {
  const doNotFake = ['setImmediate', 'nextTick', 'queueMicrotask', 'setTimeout', 'clearTimeout'] as const;
  jest.useFakeTimers({ now: 0, doNotFake: [...doNotFake] });
});
afterEach(() => jest.useRealTimers());

const from = { name: 'Payfan', address: 'alerts@payfan.example' };
const reference = '01940000-0000-7000-8000-0000000000ab.payer';
const posting = { messageId: `<${reference}@payfan.example>`, baseBoundary: reference };

const mail = (given: Partial<Mail>): Mail => ({
  to: { name: 'Ravi', address: 'ravi@example.com' },
  subject: 'You received ₹100.00 from Asha',
  text: 'Hello\n',
  html: '<p>Hello</p>\n',
  ...given,
});

/** The bytes that nodemailer makes of a mail by itself, with the line ends that it would send. */
async function byNodemailer(written: Mail): Promise<string> {
  const transport = createTransport({ streamTransport: true, newline: 'windows', buffer: true });
  const headers = { 'Auto-Submitted': 'auto-generated' };
  const { message } = await transport.sendMail({ ...written, ...posting, from, headers });
  if (!Buffer.isBuffer(message)) throw new TypeError('not buffered');
  return message.toString();
}

const hindi = 'नमस्ते रवि, आपको ₹100.00 मिले हैं। '.repeat(20);
test.each<[string, Partial<Mail>]>([
  ['plain text', { text: 'Hello Ravi,\n\nYou received Rs 100.00.\n', subject: 'You received Rs 100.00' }],
  ['long lines', { text: 'pay '.repeat(100), html: `<p>${'pay '.repeat(100)}</p>` }],
  ['lines that begin with a dot', { text: '.\n..\nend\n.', html: '<p>\n.\n</p>' }],
  ['spaces at the ends of lines', { text: `Ravi \t\n ₹ \n${'x'.repeat(80)} `, html: ' ' }],
  ['text in Hindi', { text: hindi, html: `<p>${hindi}</p>`, subject: hindi.slice(0, 100) }],
  ['a few letters beyond ASCII', { text: `Zoë paid ₹1,00,000.00 ${'a'.repeat(200)}` }],
  ['no last line end', { text: 'Hello', html: '<p>Hello</p>' }],
  ['a name that needs quoting', { to: { name: 'Rao, "Asha"', address: 'asha@example.com' } }],
  ['a name in Hindi', { to: { name: hindi.slice(0, 90), address: 'ravi@example.com' } }],
  ['a name with line breaks', { to: { name: 'Ravi\r\nBcc: evil@example.com', address: 'ravi@example.com' } }],
  ['an address in Hindi', { to: { name: 'Ravi', address: 'रवि@उदाहरण.भारत' } }],
])('%s: the same bytes as nodemailer makes', async (_what, given) => {
  const write = mimeWriter(from);
  const written = write({ ...mail(given), ...posting });
  // Twice, as what encodes a mail is kept for the next.
  expect(write({ ...mail(given), ...posting })).toBe(written);
  expect(written).toBe(await byNodemailer(mail(given)));
  expect(written).toContain('MIME-Version: 1.0');
});

test('a part without content says how it is encoded all the same', () => {
  const written = mimeWriter(from)({ ...mail({ text: '', html: '' }), ...posting });
  expect(written.match(/^Content-Transfer-Encoding: .*(?=\r$)/gm)).toEqual([
    'Content-Transfer-Encoding: 7bit',
    'Content-Transfer-Encoding: 7bit',
  ]);
});

test.each([
  ['ravi@example.com', 'ravi@example.com'],
  ['ravi@उदाहरण.भारत', 'ravi@xn--p1b6ci4b4b3a.xn--h2brj9c'],
  ['रवि@उदाहरण.भारत', 'रवि@उदाहरण.भारत'],
])('SMTP takes %s as %s', (address, taken) => {
  expect(smtpAddress(address)).toBe(taken);
});
