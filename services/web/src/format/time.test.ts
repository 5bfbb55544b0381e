import fc from 'fast-check';
import {
  dayOf,
  formatAgo,
  formatDate,
  formatDateTime,
  formatDay,
  formatDuration,
  formatTimeWithSeconds,
} from './time.ts';

test('the clock and the calendar are those of Asia/Kolkata', () => {
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Kolkata',
    timeStyle: 'medium',
    hourCycle: 'h23',
  });
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' });
  const between = fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(between, (at) => {
      expect(formatTimeWithSeconds(at.getTime())).toBe(time.format(at));
      expect(new Date(dayOf(at.getTime()) * 86_400_000).toISOString().slice(0, 10)).toBe(day.format(at));
    }),
  );
});

test('a day begins at half past six in the evening of Greenwich', () => {
  expect(formatDateTime('2025-11-24T18:29:59Z')).toBe('24 Nov 2025, 23:59');
  expect(formatDateTime('2025-11-24T18:30:00Z')).toBe('25 Nov 2025, 00:00');
  expect(formatDate('2025-12-31T20:00:00Z')).toBe('1 Jan 2026');
});

const NOW = '2025-11-24T16:35:00Z'; // 22:05 in India

test.each([
  ['2025-11-24T16:34:30Z', 'just now'],
  ['2025-11-24T16:36:00Z', 'just now'],
  ['2025-11-24T16:30:00Z', '5 min ago'],
  ['2025-11-24T13:00:00Z', '3 h ago'],
  ['2025-11-23T18:00:00Z', 'Yesterday, 23:30'],
  ['2025-11-20T10:00:00Z', '20 Nov, 15:30'],
  ['2024-11-20T10:00:00Z', '20 Nov 2024, 15:30'],
])('%s is %s', (at, text) => expect(formatAgo(at, NOW)).toBe(text));

test('days by their names', () => {
  expect(
    ['2025-11-23T18:30:00Z', '2025-11-23T18:29:00Z', '2025-01-02T00:00:00Z'].map((at) => formatDay(at, NOW)),
  ).toEqual(['Today', 'Yesterday', '2 Jan']);
});

test.each([
  [12.4, '12 ms'],
  [1_440, '1.4 s'],
  [59_400, '59 s'],
  [60_000, '1 min'],
  [125_000, '2 min 5 s'],
  [11_400_000, '3 h 10 min'],
  [187_200_000, '2 d 4 h'],
])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
