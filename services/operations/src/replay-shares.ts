/**
 * How many letters each channel is to replay, so that the limit holds over all of them, evenly as far as they
 * have any: one whose letters somebody else is just replaying must not take the others' turn. Channels that
 * would get none are left out.
 */
export function shareOut(matched: ReadonlyMap<string, number>, limit: number): Map<string, number> {
  const shares = new Map<string, number>();
  let left = limit;
  // Those with the fewest first: what they leave is for the others.
  const fewestFirst = [...matched].sort(([, a], [, b]) => a - b);
  for (const [index, [channel, count]] of fewestFirst.entries()) {
    const share = Math.min(count, Math.ceil(left / (fewestFirst.length - index)));
    if (share > 0) shares.set(channel, share);
    left -= share;
  }
  return shares;
}
