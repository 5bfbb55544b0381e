/** Groups digits as India does: the last three, then by two. `1234567` → `12,34,567`. */
export function groupDigits(digits: string): string {
  const head = digits.slice(0, -3);
  const tail = digits.slice(-3);
  return head === '' ? tail : `${head.replaceAll(/\B(?=(\d{2})+$)/g, ',')},${tail}`;
}

/** A whole number: `1,00,000`. */
export function formatCount(count: number): string {
  const digits = groupDigits(String(Math.abs(Math.trunc(count))));
  return count < 0 ? `−${digits}` : digits;
}

/** `0.4`, `12.5`, `1,234`: three digits that count, no more. */
export function formatDecimal(value: number): string {
  if (Math.abs(value) >= 100) return formatCount(Math.round(value));
  const places = Math.abs(value) >= 10 ? 1 : 2;
  return String(Number(value.toFixed(places))).replace('-', '−');
}

/** A part of a whole, both counts: `33 %`; `0 %` of nothing. 100 is all of it and no less. */
export function formatShare(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Math.floor((part / whole) * 100)} %`;
}

/** `512 B`, `1.5 KB`, `2 MB`, by 1,024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? formatCount(value) : formatDecimal(value)} ${units[unit]}`;
}
