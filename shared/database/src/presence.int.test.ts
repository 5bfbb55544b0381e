import { randomUUID } from 'node:crypto';
import { freshDatabase, waitFor, type FreshDatabase } from '@payfan/stack/testing';
import { openDatabase, type Database } from './database.ts';
import { isGone, listPresent, openPresence, type Presence } from './presence.ts';

let fresh: FreshDatabase;
let admin: Database;
const opened: Presence[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin' });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((presence) => presence.stop()));
});
afterAll(async () => {
  await admin.stop();
  await fresh.drop();
});

async function present(): Promise<{ id: string; presence: Presence }> {
  const id = randomUUID();
  const presence = openPresence({ url: fresh.urlFor('email'), name: 'test', id });
  opened.push(presence);
  await presence.start();
  return { id, presence };
}

async function gone(id: string): Promise<boolean | undefined> {
  const [row] = await admin.query<{ gone: boolean }>({
    text: `select ${isGone('p.id')} as gone from (select $1::uuid as id) p`,
    values: [id],
  });
  return row?.gone;
}

const cutAll = () =>
  admin.query({
    text: `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test presence' and datname = $1`,
    values: [fresh.name],
  });

test('a process is present from its start to its stop', async () => {
  const [one, other] = [await present(), await present()];
  expect([await gone(one.id), await gone(other.id), await gone(randomUUID())]).toEqual([false, false, true]);
  await one.presence.stop();
  expect([await gone(one.id), await gone(other.id)]).toEqual([true, false]);
});

test('the list of those present changes when one comes or goes, and only then', async () => {
  const before = await listPresent(admin);
  const { presence } = await present();
  const during = await listPresent(admin);
  expect(during).not.toBe(before);
  expect(await listPresent(admin)).toBe(during);
  await presence.stop();
  expect(await listPresent(admin)).toBe(before);
});

test('one whose connection is cut comes back by itself', async () => {
  const { id } = await present();
  await cutAll();
  await waitFor(async () => (await gone(id)) === false, { what: 'its return' });
});

test('one that is stopped while it is away stays away', async () => {
  const { id, presence } = await present();
  await cutAll();
  await presence.stop();
  await presence.start();
  expect(await gone(id)).toBe(true);
});

test('a database that is not there is an error at start', async () => {
  const presence = openPresence({
    url: fresh.adminUrl.replace(fresh.name, 'nowhere'),
    name: 'test',
    id: randomUUID(),
  });
  await expect(presence.start()).rejects.toThrow(/does not exist/);
  await presence.stop();
});
