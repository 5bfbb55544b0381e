import type { ApiClient } from '../api/api-client.ts';
import { fetchPushKey, subscribeBrowser, unsubscribeBrowser } from '../api/push.ts';
import { subscribeInTime } from './subscribe-in-time.ts';

/**
 * How it stands with this browser. `refused`: the person has said no, and only the browser's settings change that.
 * `unanswered`: the person was asked just now, and said neither.
 */
export type WebPushState = 'unsupported' | 'refused' | 'unanswered' | 'off' | 'on';

const WORKER = '/sw.js';

/**
 * How it stands. What is on is subscribed and said to the service once more: its key may be another by now, and of
 * many browsers of an account it keeps those that it heard of last.
 *
 * @throws ApiError, or another where the browser reaches no push service
 */
export async function webPushState(api: ApiClient): Promise<WebPushState> {
  if (!isSupported()) return 'unsupported';
  if (Notification.permission === 'denied') return 'refused';
  if ((await currentSubscription()) === undefined) return 'off';
  await subscribeBrowser(api, await subscribed(api));
  return 'on';
}

const isSupported = (): boolean =>
  'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;

/**
 * Asks the person, and has this browser told from then on. Must be called from a press of a button.
 *
 * @throws ApiError, or another where the browser reaches no push service
 */
export async function turnOn(api: ApiClient): Promise<WebPushState> {
  const answer = await Notification.requestPermission();
  if (answer !== 'granted') return answer === 'denied' ? 'refused' : 'unanswered';
  const subscription = await subscribed(api);
  try {
    await subscribeBrowser(api, subscription);
  } catch (error) {
    // Kept, it would look as if all were well.
    await subscription.unsubscribe();
    throw error;
  }
  return 'on';
}

/** This browser's subscription for the service's key; the one there is, if it is for that. */
async function subscribed(api: ApiClient): Promise<PushSubscription> {
  const publicKey = await fetchPushKey(api);
  return subscribeInTime(() => subscribe(bytesOf(publicKey)));
}

async function subscribe(applicationServerKey: BufferSource): Promise<PushSubscription> {
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  const options = { userVisibleOnly: true, applicationServerKey };
  return pushManager.subscribe(options).catch(async (error: unknown) => {
    // One for another key stands in the way.
    const former = await pushManager.getSubscription();
    if (former === null) throw error;
    await former.unsubscribe();
    return pushManager.subscribe(options);
  });
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

/**
 * Ends it in this browser alone, for whoever has left: a device may be in somebody else's hands then. The service
 * learns it from the push service, as of any browser that is gone.
 */
export async function forgetSubscription(): Promise<void> {
  if (isSupported()) await (await currentSubscription())?.unsubscribe();
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
