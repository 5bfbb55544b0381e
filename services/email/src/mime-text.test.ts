import { createTransport, type SendMailOptions } from 'nodemailer';
import { asOneText } from './mime-text.ts';

/** The bytes of a mail; those of nodemailer's own streams without the plugin. */
async function bytesOf(mail: SendMailOptions, { plugin }: { plugin: boolean }): Promise<string> {
  const transport = createTransport({ streamTransport: true, buffer: true });
  if (plugin) transport.use('stream', asOneText);
  const { message } = await transport.sendMail({
    from: { name: 'Payfan', address: 'alerts@payfan.example' },
    messageId: '<one.payer@payfan.example>',
    date: new Date(0),
    baseBoundary: 'always-the-same',
    ...mail,
  });
  if (!Buffer.isBuffer(message)) throw new TypeError('not buffered');
  return message.toString('latin1');
}

const hindi = 'नमस्ते रवि, आपको ₹100.00 मिले हैं। '.repeat(20);
test.each<[string, SendMailOptions]>([
  ['plain text', { text: 'Hello Ravi,\n\nYou received Rs 100.00.\n' }],
  ['text and HTML', { text: 'Hello\n', html: '<p>Hello</p>\n' }],
  ['long lines', { text: 'pay '.repeat(100), html: `<p>${'pay '.repeat(100)}</p>` }],
  ['lines that begin with a dot', { text: '.\n..\nend\n.', html: '<p>\n.\n</p>' }],
  ['spaces at the ends of lines', { text: `Ravi \t\n ₹ \n${'x'.repeat(80)} `, html: ' ' }],
  ['text in Hindi', { text: hindi, html: `<p>${hindi}</p>`, subject: hindi.slice(0, 100) }],
  ['a few letters beyond ASCII', { text: `Zoë paid ₹1,00,000.00 ${'a'.repeat(200)}` }],
  ['no last line end', { text: 'Hello', html: '<p>Hello</p>' }],
  ['names that need quoting', { to: { name: 'Rao, "Asha"', address: 'asha@example.com' }, text: 'Hello' }],
])('%s: the same bytes as by streams', async (_what, mail) => {
  const written = await bytesOf(mail, { plugin: true });
  expect(written).toBe(await bytesOf(mail, { plugin: false }));
  expect(written).toContain('MIME-Version: 1.0');
});

test('what is not text is refused rather than sent broken', async () => {
  const mail = { text: 'See', attachments: [{ filename: 'a.bin', content: Buffer.from([0, 1, 2]) }] };
  await expect(bytesOf(mail, { plugin: true })).rejects.toThrow('only text can be written out');
});
