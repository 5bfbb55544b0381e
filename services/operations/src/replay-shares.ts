/**
 * How many letters each channel is to replay, so that the limit holds over all of them, in their order.
 * Channels that would get none are left out.
 */
export function shareOut(matched: ReadonlyMap<string, number>, limit: number): Map<string, number> {
  const shares = new Map<string, number>();
  let left = limit;
  for (const [channel, count] of matched) {
    const share = Math.min(count, left);
    if (share > 0) shares.set(channel, share);
    left -= share;
  }
  return shares;
}
