'use client';

import type { Delivery } from '@payfan/contracts';
import { useQuery } from '@tanstack/react-query';
import { useApiClient } from './api-provider.tsx';

export type { Delivery } from '@payfan/contracts';

/** What is known of a transfer's alerts, as operations puts it together. */
export interface Deliveries {
  data: readonly Delivery[];
  /** Channels that did not answer just now: of their alerts nothing is known. */
  unavailable: readonly string[];
}

export const deliveriesKey = (transferId: string) => ['operations', 'deliveries', transferId];

/** Who is told of a transfer, and how it stands with each; asked again when `againMs` says so, of what is known. */
export function useDeliveries(
  transferId: string,
  againMs: (known: Deliveries | undefined) => number | false,
) {
  const api = useApiClient('operations');
  return useQuery({
    queryKey: deliveriesKey(transferId),
    queryFn: ({ signal }) =>
      api.json<Deliveries>(`/v1/transfers/${encodeURIComponent(transferId)}/deliveries`, { signal }),
    refetchInterval: ({ state }) => againMs(state.data),
  });
}
