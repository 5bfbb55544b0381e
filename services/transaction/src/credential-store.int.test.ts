import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { findPrincipal, setServiceKeys } from './credential-store.ts';
import { openDemoAccounts } from './demo-accounts.ts';

let fresh: FreshDatabase;
let database: Database;

beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('transaction'), name: 'transaction' });
});
afterEach(async () => {
  await database.stop();
  await fresh.drop();
});

const service = (name: string, key: string) => ({ name, key });
const grants = new Map([['gateway', ['feeds', 'payout-owners']]]);
const ownerOf = (key: string) => findPrincipal(database, key, grants);
const [gateway, payout] = [
  { kind: 'service', name: 'gateway', grants: ['feeds', 'payout-owners'] },
  { kind: 'service', name: 'payout', grants: [] },
];

test('a service is known by its key, of which only the hash is kept, and has the grants of its name', async () => {
  await setServiceKeys(database, [service('gateway', 'key-1'), service('payout', 'key-2')]);
  expect([await ownerOf('key-1'), await ownerOf('key-2')]).toEqual([gateway, payout]);
  const rows = await database.query<{ all: string }>({ text: 'select k::text as all from api_keys k' });
  expect(rows).toHaveLength(2);
  expect(rows.map((row) => row.all).join()).not.toContain('key-1');
});

test('a new key revokes the older ones of the same name, and nobody else’s', async () => {
  await openDemoAccounts(database);
  await setServiceKeys(database, [service('gateway', 'key-1'), service('payout', 'key-2')]);
  await setServiceKeys(database, [service('gateway', 'key-3')]);
  expect([await ownerOf('key-1'), await ownerOf('key-2'), await ownerOf('key-3')]).toEqual([
    undefined,
    payout,
    gateway,
  ]);
  expect(await ownerOf('demo_service')).toEqual({ kind: 'service', name: 'demo', grants: [] });
  expect(await ownerOf('demo_operator')).toEqual({ kind: 'operator' });
});

test('two keys of one name are both good, and one that was revoked is good again when it is named again', async () => {
  await setServiceKeys(database, [service('gateway', 'old')]);
  await setServiceKeys(database, [service('gateway', 'old'), service('gateway', 'new')]);
  expect([await ownerOf('old'), await ownerOf('new')]).toEqual([gateway, gateway]);
  await setServiceKeys(database, [service('gateway', 'new')]);
  expect([await ownerOf('old'), await ownerOf('new')]).toEqual([undefined, gateway]);
  await setServiceKeys(database, [service('gateway', 'old')]);
  expect([await ownerOf('old'), await ownerOf('new')]).toEqual([gateway, undefined]);
});

test('without keys nothing changes', async () => {
  await setServiceKeys(database, [service('gateway', 'key-1')]);
  await setServiceKeys(database, []);
  expect(await ownerOf('key-1')).toEqual(gateway);
});

test.each(['demo_asha', 'demo_operator', 'demo_service'])(
  'a key that is somebody else’s, such as %s, is refused and nothing changes',
  async (taken) => {
    await openDemoAccounts(database);
    const owner = await ownerOf(taken);
    await setServiceKeys(database, [service('gateway', 'key-1')]);
    await expect(
      setServiceKeys(database, [service('gateway', 'key-2'), service('gateway', taken)]),
    ).rejects.toMatchObject({ name: 'KeyTakenError' });
    expect([await ownerOf(taken), await ownerOf('key-1'), await ownerOf('key-2')]).toEqual([
      owner,
      gateway,
      undefined,
    ]);
  },
);

test('instances that start together with the same keys agree', async () => {
  const keys = ['a', 'b', 'c', 'd'].map((key) => service('gateway', key));
  const both = [keys, [...keys].reverse()];
  await Promise.all([...both, ...both].map((order) => setServiceKeys(database, order)));
  expect(await Promise.all(keys.map(({ key }) => ownerOf(key)))).toEqual(keys.map(() => gateway));
});
