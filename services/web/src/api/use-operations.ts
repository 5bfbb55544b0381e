'use client';

import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useApiClient } from './api-provider.tsx';
import {
  fetchGateways,
  fetchLetter,
  fetchLetterGroups,
  fetchLetters,
  fetchQueues,
  operationsKeys,
  type LetterFilter,
} from './operations.ts';

const QUEUES_EVERY_MS = 2_000;
const GATEWAYS_EVERY_MS = 5_000;
const LETTERS_EVERY_MS = 5_000;
const LETTERS_A_PAGE = 25;

/** The queues as they are every two seconds. Asked for once for all who look. */
export function useQueues() {
  const api = useApiClient('operations');
  return useQuery({
    queryKey: operationsKeys.queues,
    queryFn: ({ signal }) => fetchQueues(api, signal),
    refetchInterval: QUEUES_EVERY_MS,
    staleTime: QUEUES_EVERY_MS,
    retry: false,
  });
}

export function useGateways() {
  const api = useApiClient('operations');
  return useQuery({
    queryKey: operationsKeys.gateways,
    queryFn: ({ signal }) => fetchGateways(api, signal),
    refetchInterval: GATEWAYS_EVERY_MS,
  });
}

export function useLetterGroups(filter: LetterFilter) {
  const api = useApiClient('operations');
  return useQuery({
    queryKey: operationsKeys.letterGroups(filter),
    queryFn: ({ signal }) => fetchLetterGroups(api, filter, signal),
    refetchInterval: LETTERS_EVERY_MS,
    placeholderData: keepPreviousData,
  });
}

/** Letters, newest first, page by page. */
export function useLetters(filter: LetterFilter, { enabled }: { enabled: boolean }) {
  const api = useApiClient('operations');
  return useInfiniteQuery({
    queryKey: operationsKeys.letterPages(filter),
    queryFn: ({ pageParam, signal }) =>
      fetchLetters(api, filter, { limit: LETTERS_A_PAGE, after: pageParam, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: LETTERS_EVERY_MS,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** One letter with its message. */
export function useLetter(id: string) {
  const api = useApiClient('operations');
  return useQuery({
    queryKey: operationsKeys.letter(id),
    queryFn: ({ signal }) => fetchLetter(api, id, signal),
  });
}
