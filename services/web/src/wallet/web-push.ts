import type { ApiClient } from '../api/api-client.ts';
import { fetchPushKey, subscribeBrowser, unsubscribeBrowser } from '../api/push.ts';

/** How it stands with this browser. `refused`: the person has said no, and only the browser's settings change that. */
export type WebPushState = 'unsupported' | 'refused' | 'off' | 'on';

const WORKER = '/sw.js';

export async function webPushState(): Promise<WebPushState> {
  if (!('serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis)) {
    return 'unsupported';
  }
  if (Notification.permission === 'denied') return 'refused';
  return (await currentSubscription()) === undefined ? 'off' : 'on';
}

/**
 * Asks the person, and has this browser told from then on. Must be called from a press of a button.
 *
 * @throws ApiError, or what the browser says where it reaches no push service
 */
export async function turnOn(api: ApiClient): Promise<WebPushState> {
  if ((await Notification.requestPermission()) !== 'granted') return webPushState();
  const publicKey = await fetchPushKey(api);
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(publicKey) };
  const subscription = await pushManager.subscribe(options).catch(async (error: unknown) => {
    // One for another key stands in the way.
    const former = await pushManager.getSubscription();
    if (former === null) throw error;
    await former.unsubscribe();
    return pushManager.subscribe(options);
  });
  await subscribeBrowser(api, subscription);
  return 'on';
}

/** The browser forgets it too, so that nothing comes even if the service was not told. */
export async function turnOff(api: ApiClient): Promise<WebPushState> {
  const subscription = await currentSubscription();
  if (subscription !== undefined) {
    await subscription.unsubscribe();
    await unsubscribeBrowser(api, subscription.endpoint);
  }
  return 'off';
}

async function currentSubscription(): Promise<PushSubscription | undefined> {
  const worker = await navigator.serviceWorker.getRegistration();
  return (await worker?.pushManager.getSubscription()) ?? undefined;
}

/** Of base64url without padding. */
export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
