import { createECDH } from 'node:crypto';
import type { Queryable } from '@payfan/database';
import webPush from 'web-push';

/** By what push services know who sends (RFC 8292): a P-256 key pair, both halves in base64url. */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

/** The key pair that this installation keeps; made when there is none. All instances get the same. */
export async function keptVapidKeys(db: Queryable): Promise<VapidKeys> {
  const read = async () => {
    const [kept] = await db.query<VapidKeys>({
      name: 'web-push-read-keys',
      text: 'select public_key as "publicKey", private_key as "privateKey" from web_push_keys',
    });
    return kept;
  };
  const kept = await read();
  if (kept !== undefined) return kept;
  const { publicKey, privateKey } = webPush.generateVAPIDKeys();
  await db.query({
    name: 'web-push-keep-keys',
    text: `insert into web_push_keys (id, public_key, private_key) values ('first', $1, $2) on conflict do nothing`,
    values: [publicKey, privateKey],
  });
  const made = await read();
  if (made === undefined) throw new Error('the VAPID keys were written and cannot be read back');
  return made;
}

/** Whether the two are halves of one pair. */
export function isKeyPair({ publicKey, privateKey }: VapidKeys): boolean {
  const ecdh = createECDH('prime256v1');
  try {
    ecdh.setPrivateKey(privateKey, 'base64url');
    return ecdh.getPublicKey('base64url') === publicKey;
  } catch {
    return false;
  }
}
