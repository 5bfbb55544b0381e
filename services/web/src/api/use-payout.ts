'use client';

import { useSocket, useTopic } from '@payfan/live-client/react';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useApiClient } from './api-provider.tsx';
import {
  fetchFailures,
  fetchPayout,
  fetchPayouts,
  payoutKeys,
  type Payout,
  type SeenPayout,
} from './payout.ts';
import { newestOf } from './newest-payout.ts';

/** How often the list is read while something in it moves. */
const LIST_PAUSE_MS = 4_000;
/** As many as one page of the API holds. */
export const MOST_NEWEST = 100;

/** The account's payouts, newest first, page by page. */
export function usePayouts(limit = 10) {
  const api = useApiClient('payout');
  return useInfiniteQuery({
    queryKey: payoutKeys.list,
    queryFn: ({ pageParam, signal }) => fetchPayouts(api, { limit, after: pageParam, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: ({ state }) => {
      const isMoving = state.data?.pages.some(({ data }) => data.some(isProcessing)) === true;
      return isMoving && LIST_PAUSE_MS;
    },
  });
}

const isProcessing = ({ status }: Payout): boolean => status === 'processing';

/** Everybody's newest payouts, for operators. */
export function useNewestPayouts() {
  const api = useApiClient('payout');
  return useQuery({
    queryKey: payoutKeys.newest,
    queryFn: ({ signal }) => fetchPayouts(api, { limit: MOST_NEWEST, signal }),
    refetchInterval: LIST_PAUSE_MS,
  });
}

/**
 * One payout as it moves: asked for as often as the service finds useful, which costs next to nothing while it
 * stands still, and told of at once where the live line can.
 */
export function usePayout(id: string) {
  const api = useApiClient('payout');
  const queries = useQueryClient();
  const queryKey = payoutKeys.one(id);
  const query = useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      fetchPayout(api, id, { seen: queries.getQueryData<SeenPayout>(queryKey), signal }),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && isProcessing(data.payout) && data.retryAfterSeconds * 1_000,
  });
  const asked = query.data?.payout;
  const { client } = useSocket();
  // Polling is for topics with a log, and a payout's has none.
  const isTold = asked !== undefined && isProcessing(asked) && client.status.transport !== 'polling';
  const { events } = useTopic(isTold ? `payout.${id}` : undefined, { limit: 1 });
  return { query, payout: newestOf(asked, events.at(-1)?.data as Payout | undefined) };
}

/** Lines that were refused, as many as are shown. */
export function useFailures({ id, failed }: Payout, limit: number) {
  const api = useApiClient('payout');
  return useQuery({
    queryKey: payoutKeys.failures(id, failed),
    queryFn: ({ signal }) => fetchFailures(api, id, { limit, signal }),
    enabled: failed > 0,
    placeholderData: (before) => before,
  });
}
