import type { Figure } from './figure.ts';

export interface Verdict {
  isMet: boolean;
  /** `within 20 s`, `below 3 ×`. */
  text: string;
}

/** How a figure stands to its limit; undefined where it has none. What could not be measured meets none. */
export function verdict({ value, unit, atMost, atLeast }: Figure): Verdict | undefined {
  const parts: Verdict[] = [];
  if (atMost !== undefined) {
    const isMet = value <= atMost;
    parts.push({ isMet, text: `${isMet ? 'within' : 'beyond'} ${amount(atMost, unit)}` });
  }
  if (atLeast !== undefined) {
    const isMet = value >= atLeast;
    parts.push({ isMet, text: `${isMet ? 'reaches' : 'below'} ${amount(atLeast, unit)}` });
  }
  if (parts.length === 0) return undefined;
  return { isMet: parts.every(({ isMet }) => isMet), text: parts.map(({ text }) => text).join(', ') };
}

/** A value as people read it: `1,621 /s`, `7.31 ms`, `0 transfers`. */
export const amount = (value: number, unit: string): string =>
  Number.isNaN(value) ? 'not measured' : `${digits(value)} ${unit}`;

const WHOLE = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });
const THREE_DIGITS = new Intl.NumberFormat('en-GB', {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
});

/** Three digits say more than a machine's moods allow, and what was counted is whole. */
export function digits(value: number): string {
  // Rounded to three digits, 99.96 would have one more than 100 has.
  return Number.isInteger(value) || Math.abs(value) >= 99.95
    ? WHOLE.format(value)
    : THREE_DIGITS.format(value);
}
