import { capturedMail, capturedSms } from './captured.ts';

const mail = (Content: object) => ({
  items: [{ ID: 'm1', Created: '2025-11-24T10:00:00Z', Raw: { To: ['ravi@example.com'] }, Content }],
});

test('decodes the subject, and the plain part of a mail of several parts', () => {
  const [read] = capturedMail(
    mail({
      Headers: {
        Subject: ['=?UTF-8?Q?=E2=82=B9100_?= =?UTF-8?B?cmVjZWl2ZWQ=?='],
        'Content-Type': ['multipart/alternative; boundary=x'],
      },
      MIME: {
        Parts: [
          { Headers: { 'Content-Type': ['text/html'] }, Body: '<p>no</p>' },
          {
            Headers: {
              'Content-Type': ['text/plain; charset=utf-8'],
              'content-transfer-encoding': ['quoted-printable'],
            },
            Body: 'You got =E2=82=B9100 fr=\r\nom Asha.\r\n',
          },
        ],
      },
    }),
  );
  expect(read).toEqual({
    id: 'm1',
    to: 'ravi@example.com',
    subject: '₹100 received',
    text: 'You got ₹100 from Asha.',
    at: '2025-11-24T10:00:00Z',
  });
});

test('decodes base64, and shows no HTML', () => {
  const body = (headers: object, Body: string) => capturedMail(mail({ Headers: headers, Body }))[0]?.text;
  expect(body({ 'Content-Transfer-Encoding': ['base64'] }, Buffer.from('₹5').toString('base64'))).toBe('₹5');
  expect(body({ 'Content-Type': ['text/html'] }, '<b>5</b>')).toBe('');
});

test('reads the SMS', () => {
  const sms = {
    id: '1',
    to: '+917010233311',
    body: 'Rs 100',
    createdAt: '2025-11-24T10:00:00Z',
    attempts: 1,
  };
  expect(capturedSms({ data: [sms] })).toEqual([
    { id: '1', to: '+917010233311', subject: null, text: 'Rs 100', at: '2025-11-24T10:00:00Z' },
  ]);
  expect(capturedSms({})).toEqual([]);
});
