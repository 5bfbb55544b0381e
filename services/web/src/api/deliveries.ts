'use client';

import type { Delivery } from '@payfan/contracts';
import { useQuery } from '@tanstack/react-query';
import { useApiClient } from './api-provider.tsx';

export type { Delivery } from '@payfan/contracts';

interface Deliveries {
  data: Delivery[];
}

/** How soon one sees that something moved. */
const WHILE_MOVING_MS = 400;

/** Who is told of a transfer, and how it stands with each; asked again until `isDone` says that nothing moves any more. */
export function useDeliveries(transferId: string, isDone: (deliveries: readonly Delivery[]) => boolean) {
  const api = useApiClient('operations');
  return useQuery({
    queryKey: ['operations', 'deliveries', transferId],
    queryFn: ({ signal }) =>
      api.json<Deliveries>(`/v1/transfers/${encodeURIComponent(transferId)}/deliveries`, { signal }),
    refetchInterval: ({ state }) =>
      state.data !== undefined && isDone(state.data.data) ? false : WHILE_MOVING_MS,
  });
}
