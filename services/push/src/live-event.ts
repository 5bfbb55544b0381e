import { accountTopic, type LiveEvent } from '@payfan/contracts';
import type { FeedEntry } from './feed-item.ts';

/** What readers of a feed see of an entry: the same, whether it comes live or is read from the log. */
export function liveEventOf(
  accountId: string,
  { seq, eventId, type, createdAt, data }: Pick<FeedEntry, 'seq' | 'eventId' | 'createdAt'> & LogData,
): LiveEvent {
  return {
    t: 'event',
    topic: accountTopic(accountId),
    seq,
    id: eventId,
    type,
    time: createdAt.toISOString(),
    data,
  };
}

/** The log outlives our types: what is in it may be of an earlier version. */
interface LogData {
  type: string;
  data: unknown;
}
