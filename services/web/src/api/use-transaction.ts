'use client';

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { kindIn } from '../session/session.ts';
import { useSession } from '../session/session-provider.tsx';
import { useApiClient } from './api-provider.tsx';
import { fetchAccount, fetchEntries, transactionKeys } from './transaction.ts';

/** The signed-in person's account. Asked for once for all who look; nothing while an operator is signed in. */
export function useAccount() {
  const api = useApiClient('transaction');
  const { state } = useSession();
  const isAccount = kindIn(state) === 'account';
  return useQuery({
    queryKey: transactionKeys.account,
    queryFn: ({ signal }) => fetchAccount(api, signal),
    enabled: isAccount,
  });
}

/** Ledger entries of the account, newest first, page by page. */
export function useEntries(limit = 20) {
  const api = useApiClient('transaction');
  return useInfiniteQuery({
    queryKey: [...transactionKeys.entries, limit],
    queryFn: ({ pageParam, signal }) => fetchEntries(api, { limit, after: pageParam, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
}
