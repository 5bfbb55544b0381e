import type { LiveClient } from '@payfan/live-client';

/** Calls once: when a client tells everything for the first time from now on, or at once if it does already. */
export function whenFirstLive(client: Pick<LiveClient, 'status' | 'onStatus'>, then: () => void): () => void {
  if (client.status.state === 'live') {
    then();
    return () => undefined;
  }
  const leave = client.onStatus(() => {
    if (client.status.state !== 'live') return;
    leave();
    then();
  });
  return leave;
}
