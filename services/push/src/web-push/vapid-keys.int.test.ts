import { randomBytes } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { ConfigError, KeyEncryption } from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { isKeyPair, keptVapidKeys } from './vapid-keys.ts';

const encryption = new KeyEncryption(randomBytes(32));
let fresh: FreshDatabase;
let database: Database;
beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('push'), name: 'push' });
});
afterEach(async () => {
  await database.stop();
  await fresh.drop();
});

const kept = async () =>
  (await database.query<{ key: string }>({ text: 'select private_key as key from web_push_keys' }))[0]?.key;

test('with a key from the environment the private key is kept encrypted, and all processes get the same', async () => {
  const all = await Promise.all(Array.from({ length: 3 }, () => keptVapidKeys(database, encryption)));
  const [pair] = all;
  expect(all).toEqual([pair, pair, pair]);
  expect(pair && isKeyPair(pair)).toBe(true);
  expect(await kept()).toMatch(new RegExp(`^v1\\.${encryption.keyId}\\.`));
  expect(await kept()).not.toContain(pair?.privateKey);
});

test('a plain key is encrypted at the next start, and stays the same', async () => {
  const before = await keptVapidKeys(database);
  expect(await kept()).toBe(before.privateKey);
  expect(await keptVapidKeys(database, encryption)).toEqual(before);
  expect(await kept()).toMatch(/^v1\./);
  expect(await keptVapidKeys(database, encryption)).toEqual(before);
});

test('a wrong key, or none, stops the start', async () => {
  await keptVapidKeys(database, encryption);
  await expect(keptVapidKeys(database, new KeyEncryption(randomBytes(32)))).rejects.toThrow(ConfigError);
  await expect(keptVapidKeys(database)).rejects.toThrow(/KEY_ENCRYPTION_KEY is not set/);
});
