/** `email` of `email-17`. A channel's own name may hold a hyphen. */
export function channelOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

/** Ids by the channel that they name. */
export function byChannel(ids: readonly string[]): Map<string, string[]> {
  const shares = new Map<string, string[]>();
  for (const id of ids) shares.set(channelOf(id), [...(shares.get(channelOf(id)) ?? []), id]);
  return shares;
}
