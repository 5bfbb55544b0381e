import { openDatabase, type Database } from '@payfan/database';
import { ConfigError } from '@payfan/service';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { DEMO_KEYS, openDemoAccounts } from './demo-accounts.ts';
import { hashKey, KeyOwners, type KnownKey } from './key-owners.ts';

const ASHA = '00000000-0000-7000-8000-0000000a54a0';
const gateway: KnownKey = {
  key: 'gateway-key',
  owner: { kind: 'service', name: 'gateway', grants: ['feeds'] },
};
const mira: KnownKey = { key: 'mira-key', owner: { kind: 'operator', name: 'mira' } };

let fresh: FreshDatabase;
let database: Database;
let admin: Database;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('transaction'), name: 'transaction' });
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 1 });
  await openDemoAccounts(admin);
});
afterEach(async () => {
  await Promise.all([database.stop(), admin.stop()]);
  await fresh.drop();
});

const find = (owners: KeyOwners, key: string) => owners.find(hashKey(key));
const insertKey = (key: string, role: string, accountId: string | null = null) =>
  admin.query({
    text: `insert into transaction.api_keys (hash, role, account_id, name) values ($1, $2, $3, 'mira')`,
    values: [hashKey(key), role, accountId],
  });

test('services and operators are known by the keys of the environment, which the database never holds', async () => {
  const owners = new KeyOwners(database, [gateway, { ...gateway, key: 'newer-key' }, mira]);
  expect(await Promise.all(['gateway-key', 'newer-key', 'mira-key'].map((key) => find(owners, key)))).toEqual(
    [gateway.owner, gateway.owner, mira.owner],
  );
  expect(await admin.query({ text: 'select from transaction.api_keys' })).toEqual([]);
});

test('a key of the environment is invalid once the environment no longer has it', async () => {
  expect(await find(new KeyOwners(database, [gateway]), 'gateway-key')).toEqual(gateway.owner);
  expect(await find(new KeyOwners(database, [mira]), 'gateway-key')).toBeUndefined();
});

test('keys of accounts and operators are valid by their row until it is revoked', async () => {
  const owners = new KeyOwners(database, []);
  await insertKey('account-key', 'account', ASHA);
  await insertKey('operator-key', 'operator');
  const both = () => Promise.all(['account-key', 'operator-key'].map((key) => find(owners, key)));
  expect(await both()).toEqual([
    { kind: 'account', accountId: ASHA, tier: 'premium' },
    { kind: 'operator', name: 'mira' },
  ]);
  await admin.query({ text: 'update transaction.api_keys set revoked_at = now()' });
  expect(await both()).toEqual([undefined, undefined]);
});

test('no service has a row, whoever inserts it', async () => {
  await expect(insertKey('service-key', 'service')).rejects.toThrow(/services_have_no_rows/);
});

test('the demo keys are valid in a demo alone, also on a database that a demo was started on', async () => {
  const found = (owners: KeyOwners) => Promise.all(DEMO_KEYS.map(({ key }) => find(owners, key)));
  expect((await found(new KeyOwners(database, DEMO_KEYS))).map((owner) => owner?.kind)).toEqual([
    ...['account', 'account', 'account', 'operator', 'service'],
  ]);
  expect(await found(new KeyOwners(database, [gateway, mira]))).toEqual(DEMO_KEYS.map(() => undefined));
});

test('a demo key of an account that was not opened is invalid', async () => {
  await using(await freshDatabase(), async (empty) => {
    const owners = new KeyOwners(empty, DEMO_KEYS);
    expect(await find(owners, 'demo_asha')).toBeUndefined();
  });
});

async function using(other: FreshDatabase, work: (database: Database) => Promise<void>): Promise<void> {
  const one = openDatabase({ url: other.urlFor('transaction'), name: 'transaction' });
  try {
    await work(one);
  } finally {
    await one.stop();
    await other.drop();
  }
}

test('one key for two owners stops the start', () => {
  expect(() => new KeyOwners(database, [gateway, { ...mira, key: gateway.key }])).toThrow(ConfigError);
  expect(() => new KeyOwners(database, [...DEMO_KEYS, { key: 'demo_asha', owner: gateway.owner }])).toThrow(
    /must not share a key/,
  );
});
