import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from './config.ts';

const VARIABLE = 'KEY_ENCRYPTION_KEY';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts private keys that a database keeps, by AES-256-GCM under KEY_ENCRYPTION_KEY. */
export class KeyEncryption {
  /** Tells which key encrypted a text, and nothing about the key itself. */
  readonly keyId: string;
  readonly #key: Buffer;

  /** @param key 32 random bytes */
  constructor(key: Buffer) {
    this.#key = key;
    this.keyId = createHash('sha256').update('payfan key id').update(key).digest('hex').slice(0, 16);
  }

  /** @param what names the place where the text is kept: a text that is moved elsewhere cannot be decrypted there */
  encrypt(plain: string, what: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(what));
    const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${this.keyId}.${sealed.toString('base64url')}`;
  }

  /** @throws ConfigError for a text that another key encrypted, or that was changed or moved */
  decrypt(encrypted: string, what: string): string {
    const [version, keyId, text = ''] = encrypted.split('.');
    if (version !== 'v1' || keyId !== this.keyId) {
      throw new ConfigError(
        `${VARIABLE} is not the key that encrypted the ${what} in the database (${keyId ?? 'unknown'}). Set it to that key.`,
      );
    }
    const sealed = Buffer.from(text, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(what)).setAuthTag(sealed.subarray(-TAG_BYTES));
      return (
        decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch (cause) {
      const error = new ConfigError(`The ${what} in the database was changed, and cannot be decrypted.`);
      error.cause = cause;
      throw error;
    }
  }
}

/** Decrypts what a database keeps. @throws ConfigError also where KEY_ENCRYPTION_KEY is not set */
export function decryptKept(encryption: KeyEncryption | undefined, encrypted: string, what: string): string {
  if (encryption !== undefined) return encryption.decrypt(encrypted, what);
  throw new ConfigError(
    `${VARIABLE} is not set, but the ${what} in the database is encrypted (${encrypted.split('.')[1] ?? 'unknown'}). Set it to the key that encrypted it.`,
  );
}

/** For a service's `config.ts`: undefined where private keys are kept as plain text. */
export const encryptionKeyField = z
  .string()
  .transform((text, context) => {
    const encryption = parseEncryptionKey(text);
    if (encryption !== undefined) return encryption;
    context.addIssue({ code: 'custom' });
    return z.NEVER;
  })
  .optional()
  .describe('32 random bytes in base64 or hex, as "openssl rand -base64 32" makes them');

/** Reads 32 bytes in base64 or hex; undefined for anything else. */
function parseEncryptionKey(text: string): KeyEncryption | undefined {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  const isExact = /^[0-9a-f]{64}$/i.test(text) || /^[\w+/-]{43}=?$/.test(text);
  return isExact && key.length === KEY_BYTES ? new KeyEncryption(key) : undefined;
}
