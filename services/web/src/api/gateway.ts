import type { LiveEvent } from '@payfan/live-client';
import type { ApiClient } from './api-client.ts';

/** Of a feed: the newest events after a number, in order. */
export interface EventPage {
  data: LiveEvent[];
  /** The number of the newest. */
  next: number;
}

/** The names under which answers are kept. What happens from now on is told by the live line, and kept nowhere. */
export const gatewayKeys = {
  events: (accountId: string) => ['gateway', 'events', accountId],
} as const;

/** What happened on the signed-in account after a number, or ever: the newest of it. */
export const fetchNewestEvents = (
  api: ApiClient,
  { signal, ...query }: { after: number | undefined; limit: number; signal?: AbortSignal },
): Promise<EventPage> => api.json('/v1/events', { query: { ...query, newest: true }, signal });
