import type { LiveStatus } from '@payfan/live-client';
import { CAUGHT_UP_SHOWN_MS, countsOn, lineAfter, pillOf, type LineHistory } from './pill.ts';

const status = (state: object, caughtUp = 0) =>
  ({ transport: 'websocket', caughtUp, ...state }) as LiveStatus;
const LIVE = status({ state: 'live' });
const reconnecting = (inMs: number) => status({ state: 'reconnecting', inMs });

/** What the pill says a second after the last of these happened, each a second after the other. */
function after(...statuses: LiveStatus[]): LineHistory {
  const start: LineHistory = { status: status({ state: 'idle' }), sinceMs: 0, liveUntilMs: undefined };
  return statuses.reduce((history, next, index) => lineAfter(history, next, (index + 1) * 1_000), start);
}
const text = (history: LineHistory, nowMs: number) => pillOf(history, nowMs)?.text;

test('nothing is shown where nothing is followed', () => {
  expect(pillOf(after(), 0)).toBeUndefined();
});

test('connecting, then live', () => {
  expect(text(after(status({ state: 'connecting' })), 1_000)).toBe('Connecting');
  expect(pillOf(after(status({ state: 'connecting' }), LIVE), 2_000)).toEqual({
    ...{ text: 'Live', tone: 'good', moving: false },
  });
});

test('seconds to the next attempt count down, and each pause begins anew', () => {
  const paused = after(LIVE, reconnecting(3_000));
  expect([2_000, 2_001, 4_500, 5_000, 9_000].map((now) => text(paused, now))).toEqual([
    ...['Reconnecting in 3 s', 'Reconnecting in 3 s', 'Reconnecting in 1 s', 'Reconnecting', 'Reconnecting'],
  ]);
  const again = after(LIVE, reconnecting(3_000), reconnecting(0), reconnecting(6_000));
  expect([text(again, 4_000), countsOn(again)]).toEqual(['Reconnecting in 6 s', true]);
});

test('the number of missed events shows for a while, but not on a page that has just been opened', () => {
  const back = after(
    LIVE,
    reconnecting(0),
    status({ state: 'catching-up' }),
    status({ state: 'live' }, 1_234),
  );
  expect([text(back, 4_000), text(back, 4_000 + CAUGHT_UP_SHOWN_MS)]).toEqual([
    'Caught up: 1,234 missed',
    'Live',
  ]);
  expect(countsOn(back)).toBe(true);
  const begun = after(status({ state: 'connecting' }), status({ state: 'live' }, 7));
  expect([text(begun, 2_000), countsOn(begun)]).toEqual(['Live', false]);
});

test('offline says how old the data is: from the last moment when no event was missing', () => {
  const since = Date.parse('2025-11-24T10:00:00Z');
  expect(text(after(status({ state: 'offline', since })), since)).toBe('Offline · data as of 15:30');
  const wasLive: LineHistory = { status: LIVE, sinceMs: 0, liveUntilMs: undefined };
  const lost = lineAfter(wasLive, reconnecting(500), since);
  const offline = lineAfter(lost, status({ state: 'offline', since: since + 120_000 }), since + 120_000);
  expect(pillOf(offline, since + 600_000)).toMatchObject({ text: 'Offline · data as of 15:30', tone: 'bad' });
});

test('a refusal says why', () => {
  const refused = (reason: string) => text(after(status({ state: 'refused', reason })), 0);
  expect(refused('too_many_connections')).toBe('Open on too many pages');
  expect(refused('closed_4007')).toBe('Not allowed to follow');
});

test('the same status again is the same history', () => {
  const history = after(LIVE);
  expect(lineAfter(history, history.status, 9_000)).toBe(history);
});
