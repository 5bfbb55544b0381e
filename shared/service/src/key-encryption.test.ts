import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ConfigError, readConfig } from './config.ts';
import { decryptKept, encryptionKeyField, KeyEncryption } from './key-encryption.ts';

const key = randomBytes(32);
const encryption = new KeyEncryption(key);

test('what is encrypted is read back by the same key alone, and shows nothing of itself', () => {
  const encrypted = encryption.encrypt('a private key', 'signing key 1');
  expect(encrypted).toMatch(new RegExp(`^v1\\.${encryption.keyId}\\.[\\w-]+$`));
  expect(encrypted).not.toContain('private');
  expect(encryption.encrypt('a private key', 'signing key 1')).not.toBe(encrypted);
  expect(new KeyEncryption(key).decrypt(encrypted, 'signing key 1')).toBe('a private key');
});

test('another key is refused by a sentence that names the variable', () => {
  const encrypted = encryption.encrypt('a private key', 'signing key 1');
  const other = new KeyEncryption(randomBytes(32));
  expect(() => other.decrypt(encrypted, 'signing key 1')).toThrow(ConfigError);
  expect(() => other.decrypt(encrypted, 'signing key 1')).toThrow(/KEY_ENCRYPTION_KEY is not the key/);
  expect(() => decryptKept(undefined, encrypted, 'signing key 1')).toThrow(/KEY_ENCRYPTION_KEY is not set/);
});

test('a text that was changed, cut or moved is refused', () => {
  const encrypted = encryption.encrypt('a private key', 'signing key 1');
  const [version, id, text = ''] = encrypted.split('.');
  const bytes = Buffer.from(text, 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const tampered = `${version}.${id}.${changed.toString('base64url')}`;
    expect(() => encryption.decrypt(tampered, 'signing key 1')).toThrow(ConfigError);
  }
  expect(() => encryption.decrypt(`${version}.${id}.`, 'signing key 1')).toThrow(ConfigError);
  expect(() => encryption.decrypt(encrypted, 'signing key 2')).toThrow(ConfigError);
});

test('the key is 32 bytes in base64 or hex', () => {
  for (const text of [key.toString('hex'), key.toString('base64'), key.toString('base64url')]) {
    expect(encryptionKeyField.parse(text)?.keyId).toBe(encryption.keyId);
  }
  const wrong = ['', 'k'.repeat(32), key.toString('hex').slice(1), randomBytes(33).toString('base64')];
  for (const text of wrong) expect(encryptionKeyField.safeParse(text).success).toBe(false);
});

test('a wrong one stops the start by a sentence that does not show it', () => {
  const schema = z.object({ KEY_ENCRYPTION_KEY: encryptionKeyField });
  expect(readConfig(schema, {}).KEY_ENCRYPTION_KEY).toBeUndefined();
  expect(readConfig(schema, { KEY_ENCRYPTION_KEY: key.toString('hex') }).KEY_ENCRYPTION_KEY).toEqual(
    encryption,
  );
  expect(() => readConfig(schema, { KEY_ENCRYPTION_KEY: 'hunter2' })).toThrow(
    /^KEY_ENCRYPTION_KEY must be 32 random bytes in base64 or hex.*not shown/,
  );
});
