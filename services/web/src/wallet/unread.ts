import type { LiveEvent } from '@payfan/live-client';
import type { EventPage } from '../api/gateway.ts';

export interface Unread {
  /** Newest first. */
  news: LiveEvent[];
  /** How many there were before them that nobody looked at either. */
  earlier: number;
}

/** What is new since a number was seen; undefined if nothing ever was. A feed's numbers have no gaps. */
export function unreadOf({ data, next }: EventPage, seen = 0): Unread {
  // A feed that is not as far as it was has begun anew.
  const since = seen > next ? 0 : seen;
  const [oldest] = data;
  const earlier = oldest?.seq === undefined ? 0 : oldest.seq - 1 - since;
  return { news: data.toReversed(), earlier: Math.max(0, earlier) };
}
