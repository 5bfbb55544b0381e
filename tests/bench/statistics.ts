/** The value below which a share `q` (in [0, 1]) of them lies, always one of them; NaN if there are none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = ascending(values);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** The middle one, or half-way between the two in the middle; NaN if there are none. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

export interface Spread {
  min: number;
  max: number;
}

/** How far several rounds lie apart; undefined for fewer than two, which cannot. */
export function spread(values: readonly number[]): Spread | undefined {
  const sorted = ascending(values);
  const [min] = sorted;
  const max = sorted.at(-1);
  return min === undefined || max === undefined || sorted.length < 2 ? undefined : { min, max };
}

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);
