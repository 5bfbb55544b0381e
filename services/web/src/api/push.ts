import type { ApiClient } from './api-client.ts';

const PATH = '/v1/push-subscriptions';

/** What a browser wants as `applicationServerKey`. */
export async function fetchPushKey(api: ApiClient): Promise<string> {
  const { publicKey } = await api.json<{ publicKey: string }>(`${PATH}/key`);
  return publicKey;
}

/** Has this browser told while it is closed. The same again is the same browser. */
export const subscribeBrowser = (api: ApiClient, subscription: PushSubscription): Promise<unknown> =>
  api.json(PATH, { method: 'POST', body: subscription.toJSON() });

/** Does nothing for a browser that is not told. */
export const unsubscribeBrowser = (api: ApiClient, endpoint: string): Promise<unknown> =>
  api.json(PATH, { method: 'DELETE', body: { endpoint } });
