/** Making one takes a hundred times as long as using it. */
const formats = new Map<string, Intl.NumberFormat>();
function formatOf(currency: string): Intl.NumberFormat {
  const format = formats.get(currency) ?? new Intl.NumberFormat('en-IN', { style: 'currency', currency });
  formats.set(currency, format);
  return format;
}

/** `₹1,00,000.00`: Indian grouping. From minor units, by way of a decimal string, so that nothing is rounded. */
export function formatAmount(amountMinor: number, currency: string): string {
  const digits = String(amountMinor).padStart(3, '0');
  const decimal = `${digits.slice(0, -2)}.${digits.slice(-2)}`;
  // ECMA-402 formats a decimal string exactly; TypeScript's lib knows that from es2023 on.
  return formatOf(currency).format(decimal as `${number}`);
}

const count = new Intl.NumberFormat('en-IN');

/** `1,00,000`: grouped as amounts are. */
export const formatCount = (number: number): string => count.format(number);

const time = new Intl.DateTimeFormat('en-IN', {
  timeZone: 'Asia/Kolkata',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: 'numeric',
  minute: '2-digit',
  hour12: true,
});

const MINUTE_MS = 60_000;
/** Alerts of one minute come one after another, and formatting their times took a twentieth of a channel's processor time. */
let last = { minute: Number.NaN, text: '' };

/** `24 Nov 2026, 2:05 pm IST`: where the money moved, whatever the clock of the machine. */
export function formatTime(iso: string): string {
  const minute = Math.floor(Date.parse(iso) / MINUTE_MS);
  if (minute !== last.minute) {
    // ICU versions differ in which space stands before am and pm.
    const text = `${time.format(minute * MINUTE_MS).replaceAll(/[\u202f\u00a0]/g, ' ')} IST`;
    last = { minute, text };
  }
  return last.text;
}

/** Text from people on one line: what could begin another line, header or message becomes a space. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
