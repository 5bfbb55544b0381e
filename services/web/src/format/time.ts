/**
 * Times as India has them, by arithmetic: +05:30 all year, and never the words of this or that ICU. A server and
 * a browser write the same, whatever their own time zones and versions are.
 */
const OFFSET_MS = 5.5 * 60 * 60 * 1_000;
const DAY_MS = 24 * 60 * 60 * 1_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** ISO 8601, or milliseconds since 1970. */
export type Instant = string | number;

const toMs = (instant: Instant): number => (typeof instant === 'number' ? instant : Date.parse(instant));
/** Its UTC fields read as Indian ones. */
const indian = (instant: Instant): Date => new Date(toMs(instant) + OFFSET_MS);
const two = (value: number): string => String(value).padStart(2, '0');

/** `22:05` */
export function formatTime(instant: Instant): string {
  const at = indian(instant);
  return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

/** `22:05:09` */
export function formatTimeWithSeconds(instant: Instant): string {
  return `${formatTime(instant)}:${two(indian(instant).getUTCSeconds())}`;
}

/** `24 Nov 2025` */
export function formatDate(instant: Instant): string {
  const at = indian(instant);
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

/** `24 Nov 2025, 22:05` */
export const formatDateTime = (instant: Instant): string => `${formatDate(instant)}, ${formatTime(instant)}`;

/** Days since 1970 in India: equal for what happened on one day. */
export const dayOf = (instant: Instant): number => Math.floor((toMs(instant) + OFFSET_MS) / DAY_MS);

/** `Today`, `Yesterday`, `24 Nov`, and the year too where it is another. */
export function formatDay(instant: Instant, now: Instant): string {
  const daysAgo = dayOf(now) - dayOf(instant);
  if (daysAgo === 0) return 'Today';
  if (daysAgo === 1) return 'Yesterday';
  const date = formatDate(instant);
  return indian(instant).getUTCFullYear() === indian(now).getUTCFullYear() ? date.slice(0, -5) : date;
}

/** `just now`, `5 min ago`, `3 h ago`, then the day: `Yesterday, 22:05`. */
export function formatAgo(instant: Instant, now: Instant): string {
  const minutes = Math.floor((toMs(now) - toMs(instant)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (dayOf(now) === dayOf(instant)) return `${Math.floor(minutes / 60)} h ago`;
  return `${formatDay(instant, now)}, ${formatTime(instant)}`;
}

/** A span for people: `12 ms`, `1.4 s`, `2 min 5 s`, `3 h 10 min`, `2 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const [minutes, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3_600),
    Math.floor(seconds / 86_400),
  ];
  const both = (big: string, small: number, unit: string) => (small === 0 ? big : `${big} ${small} ${unit}`);
  if (minutes < 60) return both(`${minutes} min`, seconds % 60, 's');
  if (hours < 24) return both(`${hours} h`, minutes % 60, 'min');
  return both(`${days} d`, hours % 24, 'h');
}
