import { openDatabase } from '@payfan/database';
import { freshDatabase, freshVhost } from './fresh.ts';
import { openManagement } from '@payfan/messaging/management';

test('a fresh database can be used by its admin and is gone after drop', async () => {
  const fresh = await freshDatabase();
  const database = openDatabase({ url: fresh.adminUrl, name: 'test', max: 1 });
  expect(await database.query({ text: 'select current_database() as name' })).toEqual([{ name: fresh.name }]);
  await database.stop();
  await fresh.drop();
  const gone = openDatabase({ url: fresh.adminUrl, name: 'test', max: 1 });
  await expect(gone.ping()).rejects.toThrow(/does not exist/);
  await gone.stop();
});

test('fresh databases are made side by side', async () => {
  const several = await Promise.all([freshDatabase(), freshDatabase(), freshDatabase()]);
  expect(new Set(several.map(({ name }) => name)).size).toBe(3);
  await Promise.all(several.map((one) => one.drop()));
});

test('a fresh vhost is there, and gone after remove', async () => {
  const fresh = await freshVhost();
  const management = openManagement(fresh.managementUrl);
  expect(await management.get(`vhosts/${fresh.vhost}`)).toMatchObject({ name: fresh.vhost });
  expect(fresh.amqpUrl.endsWith(`/${fresh.vhost}`)).toBe(true);
  await fresh.remove();
  await expect(management.get(`vhosts/${fresh.vhost}`)).rejects.toThrow('404');
});
