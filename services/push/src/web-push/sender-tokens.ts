import { LRUCache } from 'lru-cache';
import webPush from 'web-push';
import type { VapidKeys } from './vapid-keys.ts';

/** Who sends, as push services are told (RFC 8292). */
export interface Sender {
  keys: VapidKeys;
  /** `mailto:` or `https:`: where a push service reaches whoever runs this. */
  subject: string;
}

/** A token lives for 12 hours. Signing one costs three times as much as all else about a message. */
const REUSED_FOR_MS = 60 * 60 * 1_000;
/** Names of push services may be made up by whoever subscribes. */
const MOST_ORIGINS = 1_000;

/** Makes the value of `Authorization` for a push service, and uses it again for an hour. */
export function senderTokens({ keys, subject }: Sender): { for(origin: string): string } {
  const made = new LRUCache<string, string>({ max: MOST_ORIGINS, ttl: REUSED_FOR_MS });
  return {
    for(origin) {
      const known = made.get(origin);
      if (known !== undefined) return known;
      const { Authorization } = webPush.getVapidHeaders(
        origin,
        subject,
        keys.publicKey,
        keys.privateKey,
        'aes128gcm',
      );
      made.set(origin, Authorization);
      return Authorization;
    },
  };
}
