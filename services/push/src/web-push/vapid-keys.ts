import { createECDH } from 'node:crypto';
import type { Queryable } from '@payfan/database';
import { decryptKept, type KeyEncryption } from '@payfan/service';
import webPush from 'web-push';

/** By what push services know who sends (RFC 8292): a P-256 key pair, both halves in base64url. */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

/** Names the kept private key to whom decrypts it. */
const NAME = 'private VAPID key';
/** A private key in base64url has no dot, and an encrypted one has two. */
const isEncrypted = (privateKey: string): boolean => privateKey.includes('.');

/**
 * The key pair that this installation keeps; made when there is none. All instances get the same. With `encryption`
 * the private key is kept encrypted, also one that was plain before.
 *
 * @throws ConfigError if KEY_ENCRYPTION_KEY does not fit the kept key
 */
export async function keptVapidKeys(db: Queryable, encryption?: KeyEncryption): Promise<VapidKeys> {
  const read = async () => {
    const [kept] = await db.query<VapidKeys>({
      name: 'web-push-read-keys',
      text: 'select public_key as "publicKey", private_key as "privateKey" from web_push_keys',
    });
    return kept;
  };
  const opened = async ({ publicKey, privateKey }: VapidKeys): Promise<VapidKeys> => {
    if (isEncrypted(privateKey)) return { publicKey, privateKey: decryptKept(encryption, privateKey, NAME) };
    if (encryption !== undefined) {
      await db.query({
        name: 'web-push-encrypt-key',
        text: 'update web_push_keys set private_key = $2 where private_key = $1',
        values: [privateKey, encryption.encrypt(privateKey, NAME)],
      });
    }
    return { publicKey, privateKey };
  };
  const kept = await read();
  if (kept !== undefined) return opened(kept);
  const { publicKey, privateKey } = webPush.generateVAPIDKeys();
  await db.query({
    name: 'web-push-keep-keys',
    text: `insert into web_push_keys (id, public_key, private_key) values ('first', $1, $2) on conflict do nothing`,
    values: [publicKey, encryption?.encrypt(privateKey, NAME) ?? privateKey],
  });
  const made = await read();
  if (made === undefined) throw new Error('the VAPID keys were written and cannot be read back');
  return opened(made);
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
