import { parseMail } from './mail-message.ts';
import { Mailbox } from './mailbox.ts';
import type { MailMessage } from './mail-message.ts';
import type { MailSearch } from './mailbox.ts';

function mail(
  id: string,
  { from = 'payfan@example.com', to = 'asha@example.com', body = '' } = {},
): MailMessage {
  const data = `From: Payfan <${from}>\r\nTo: Asha Rao <${to}>\r\nSubject: Credit\r\n\r\n${body}`;
  return parseMail({ From: from, To: [to], Data: data, Helo: 'test' }, { id, receivedAt: new Date(0) });
}

function boxOf(mails: readonly MailMessage[], limits?: { max?: number; maxBytes?: number }): Mailbox {
  const mailbox = new Mailbox(limits);
  for (const each of mails) mailbox.add(each);
  return mailbox;
}

const ids = (mailbox: Mailbox, page: { start?: number; limit?: number; search?: MailSearch } = {}) =>
  mailbox.page({ start: 0, limit: 100, ...page }).items.map(({ ID }) => ID);

test('shows the newest first, in pages that know the total', () => {
  const mailbox = boxOf(['a', 'b', 'c', 'd'].map((id) => mail(id)));
  expect(ids(mailbox)).toEqual(['d', 'c', 'b', 'a']);
  expect(ids(mailbox, { start: 1, limit: 2 })).toEqual(['c', 'b']);
  expect(mailbox.page({ start: 9, limit: 2 })).toEqual({ total: 4, items: [] });
});

test('forgets the oldest beyond its number, and knows them no more', () => {
  const mailbox = boxOf(
    ['a', 'b', 'c'].map((id) => mail(id)),
    { max: 2 },
  );
  expect(ids(mailbox)).toEqual(['c', 'b']);
  expect(mailbox.find('a')).toBeUndefined();
  expect(mailbox.find('b')?.ID).toBe('b');
});

test('forgets the oldest beyond its bytes, but never the newest', () => {
  const body = 'x'.repeat(1_000);
  const mailbox = boxOf(
    ['a', 'b', 'c'].map((id) => mail(id, { body })),
    { maxBytes: 2_500 },
  );
  expect(ids(mailbox)).toEqual(['c', 'b']);
  mailbox.add(mail('huge', { body: 'x'.repeat(5_000) }));
  expect(ids(mailbox)).toEqual(['huge']);
  mailbox.add(mail('small'));
  expect(ids(mailbox)).toEqual(['small']);
});

test('deleting gives the room back', () => {
  const body = 'x'.repeat(1_000);
  const mailbox = boxOf(
    ['a', 'b'].map((id) => mail(id, { body })),
    { maxBytes: 2_500 },
  );
  expect([mailbox.remove('a'), mailbox.remove('a')]).toEqual([true, false]);
  mailbox.add(mail('c', { body }));
  expect(ids(mailbox)).toEqual(['c', 'b']);
  mailbox.clear();
  expect([mailbox.length, mailbox.find('b')]).toEqual([0, undefined]);
  for (const id of ['d', 'e']) mailbox.add(mail(id, { body }));
  expect(ids(mailbox)).toEqual(['e', 'd']);
});

test.each<[MailSearch, string[]]>([
  [{ kind: 'to', query: 'RAVI@' }, ['b']],
  [{ kind: 'to', query: 'asha rao' }, ['b', 'a']],
  [{ kind: 'from', query: 'other@example.com' }, ['b']],
  [{ kind: 'from', query: 'ravi' }, []],
  [{ kind: 'containing', query: 'lunch' }, ['a']],
  [{ kind: 'containing', query: 'Credit' }, ['b', 'a']],
])('%j finds %j', (search, found) => {
  const mailbox = boxOf([
    mail('a', { body: 'for LUNCH' }),
    mail('b', { from: 'other@example.com', to: 'ravi@example.com' }),
  ]);
  expect(ids(mailbox, { search })).toEqual(found);
  expect(mailbox.page({ start: 0, limit: 1, search }).total).toBe(found.length);
});
