'use client';

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, use, useMemo, useState, type ReactNode } from 'react';
import type { PublicAddresses } from '../config.ts';
import { useSession } from '../session/session-provider.tsx';
import { ApiClient } from './api-client.ts';
import { isWorthRetrying, retryDelayMs } from './retrying.ts';

export type ApiName = keyof PublicAddresses;
interface Apis {
  addresses: PublicAddresses;
  clients: Record<ApiName, ApiClient>;
}

const ApisContext = createContext<Apis | undefined>(undefined);

/** The APIs as whoever is signed in, and a cache of what they answered, which is gone with the session. */
export function ApiProvider({ addresses, children }: { addresses: PublicAddresses; children: ReactNode }) {
  const { token } = useSession();
  const [queries] = useState(createQueryClient);
  const apis = useMemo(() => {
    const clientOf = (name: ApiName) => new ApiClient({ name, baseUrl: addresses[name], token });
    const clients = {
      transaction: clientOf('transaction'),
      gateway: clientOf('gateway'),
      payout: clientOf('payout'),
      operations: clientOf('operations'),
      push: clientOf('push'),
    };
    return { addresses, clients };
  }, [addresses, token]);
  return (
    <ApisContext value={apis}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </ApisContext>
  );
}

function useApis(): Apis {
  const apis = use(ApisContext);
  if (apis === undefined) throw new Error('wrap the page in <ApiProvider>');
  return apis;
}

/** The client of one API; for what it can do see the file of that name. */
export const useApiClient = (name: ApiName): ApiClient => useApis().clients[name];

/** Where an API answers, for whoever brings a client of their own. */
export const useApiAddress = (name: ApiName): string => useApis().addresses[name];

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: isWorthRetrying,
        retryDelay: retryDelayMs,
        staleTime: 5_000,
        refetchOnWindowFocus: true,
        // Without a network a read fails, and its panel says since when nothing is new; one that waited would look fresh.
        networkMode: 'always',
        refetchOnReconnect: true,
      },
      // A person decides whether something is sent again: nor does it wait, unseen, until there is a network.
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}
