import { useMemo, useSyncExternalStore } from 'react';
import { useLiveClient } from './live-provider.ts';
import { NOTHING_YET, TopicStore, type TopicState } from './topic-store.ts';

export interface UseTopicOptions {
  /** The last number that the page knows, such as that of its snapshot. Counts when the topic is first followed. */
  after?: number;
  /** How many events are kept; 100 unless told. */
  limit?: number;
}

const nothing = (): TopicState => NOTHING_YET;
const unwatched = () => () => undefined;

/**
 * The last events of a topic, for as long as the component is there. Of an undefined topic there are none, as
 * while a page does not know yet who is looking.
 *
 * @throws NoLiveClientError
 */
export function useTopic(
  topic: string | undefined,
  { after, limit = 100 }: UseTopicOptions = {},
): TopicState {
  const client = useLiveClient();
  const store = useMemo(
    () => (topic === undefined ? undefined : new TopicStore(client, topic, { after, limit })),
    // Not `after`: once it has begun, the topic itself knows better.
    [client, topic, limit],
  );
  return useSyncExternalStore(store?.watch ?? unwatched, store?.state ?? nothing, nothing);
}
