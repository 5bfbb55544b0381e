import { useCallback, useSyncExternalStore } from 'react';
import type { LiveClient } from '../live-client.ts';
import { IDLE, type LiveStatus } from '../status.ts';
import { useLiveClient } from './live-provider.ts';

const idle = (): LiveStatus => IDLE;

/**
 * The client, and how its connection does. A page that is rendered on a server starts as `idle`.
 *
 * @throws NoLiveClientError
 */
export function useSocket(): { client: LiveClient; status: LiveStatus } {
  const client = useLiveClient();
  const watch = useCallback((onChange: () => void) => client.onStatus(onChange), [client]);
  const status = useSyncExternalStore(watch, () => client.status, idle);
  return { client, status };
}
