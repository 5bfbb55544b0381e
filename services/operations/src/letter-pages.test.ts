import type { DeadLetter } from '@payfan/contracts';
import fc from 'fast-check';
import { channelOf, byChannel } from './letter-id.ts';
import { fromCursor, mergePages, toCursor, type ChannelPage, type Position } from './letter-pages.ts';

const letter = (channel: string, number: number, at: number): DeadLetter => ({
  id: `${channel}-${number}`,
  channel,
  subject: 'x',
  eventId: null,
  role: null,
  transferId: null,
  payoutId: null,
  lane: null,
  reason: 'unreadable',
  error: 'x',
  group: 'x',
  attempts: 0,
  times: 1,
  state: 'open',
  replays: 0,
  createdAt: new Date(at).toISOString(),
  lastAt: new Date(at).toISOString(),
});

/** A channel's list as the channel pages it: by number, newest first. */
function pageOf(letters: readonly DeadLetter[], after: string | undefined, limit: number): ChannelPage {
  const start = after === undefined ? 0 : letters.findIndex(({ id }) => id === after) + 1;
  const data = letters.slice(start, start + limit);
  return { data, nextCursor: letters.length > start + limit ? (data.at(-1)?.id ?? null) : null };
}

const lists = fc.array(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 }), { maxLength: 4 }).map(
  (channels) =>
    new Map(
      channels.map((times, index) => {
        const name = `channel-${index}`;
        // Clock and number may disagree.
        return [name, times.map((at, number) => letter(name, number + 1, at)).reverse()];
      }),
    ),
);

test('page after page, every letter of every channel comes once, in its channel’s order', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 5 }), (channels, limit) => {
      const seen: DeadLetter[] = [];
      let position: Position | null = {};
      for (let page = 0; position !== null && page < 100; page++) {
        const at: Position = position;
        const pages = new Map([...channels].map(([name, list]) => [name, pageOf(list, at[name], limit)]));
        const merged = mergePages(at, pages, { limit, isWhole: true });
        expect(merged.data.length).toBeLessThanOrEqual(limit);
        seen.push(...merged.data);
        position = merged.next === null ? null : (fromCursor(toCursor(merged.next)) ?? null);
      }
      for (const [name, list] of channels) {
        expect(seen.filter(({ channel }) => channel === name)).toEqual(list);
      }
      expect(seen).toHaveLength([...channels.values()].flat().length);
    }),
  );
});

test('the newest comes first, whichever channel has it', () => {
  const pages = new Map([
    ['push', pageOf([letter('push', 9, 50), letter('push', 8, 20)], undefined, 9)],
    ['email', pageOf([letter('email', 2, 40), letter('email', 1, 30)], undefined, 9)],
  ]);
  const { data, next } = mergePages({}, pages, { limit: 3, isWhole: true });
  expect(data.map(({ id }) => id)).toEqual(['push-9', 'email-2', 'email-1']);
  expect(next).toEqual({ push: 'push-9', email: 'email-1' });
});

test('a channel that is away keeps its place', () => {
  const pages = new Map([['push', pageOf([letter('push', 2, 2), letter('push', 1, 1)], undefined, 9)]]);
  expect(mergePages({ email: 'email-7' }, pages, { limit: 1, isWhole: true }).next).toEqual({
    email: 'email-7',
    push: 'push-2',
  });
});

test.each(['', 'x', '!', toCursor({}).slice(1), Buffer.from('{"a":1}').toString('base64url')])(
  '%j is no cursor',
  (text) => expect(fromCursor(text)).toBeUndefined(),
);

test('an id names its channel, hyphens and all', () => {
  expect(channelOf('web-push-17')).toBe('web-push');
  expect(byChannel(['push-1', 'email-2', 'push-3'])).toEqual(
    new Map([
      ['push', ['push-1', 'push-3']],
      ['email', ['email-2']],
    ]),
  );
});

test('as long as a channel does not answer, its letters may still come: the list goes on', () => {
  const answered = new Map([['push', { data: [], nextCursor: null }]]);
  const position = { email: 'email-7' };
  expect(mergePages(position, answered, { limit: 5, isWhole: false }).next).toEqual(position);
  expect(mergePages(position, answered, { limit: 5, isWhole: true }).next).toBeNull();
});
