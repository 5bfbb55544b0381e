import { migrate, openDatabase, type Database } from '@payfan/database';
import { services, startServers, type Servers } from '@payfan/stack/testing';
import { specsOf } from './workloads.ts';

interface Initdb {
  bootstrap: { initdb: { database: string; owner: string; postInitApplicationSQL: string[] } };
}

let servers: Servers;
let admin: Database;
beforeAll(async () => {
  servers = await startServers();
  admin = openDatabase({ url: servers.infrastructure.adminUrl, name: 'admin', max: 1 });
});
afterAll(async () => {
  await admin.stop();
  await servers.stop();
});

/** The same server, by another role and database. */
function urlOf(role: string, password: string, database: string): string {
  const url = new URL(servers.infrastructure.adminUrl);
  url.username = role;
  url.password = password;
  url.pathname = `/${database}`;
  return url.href;
}

test('what CloudNativePG makes is enough for the migrations, and for those who log in after', async () => {
  const [{ bootstrap } = { bootstrap: undefined }] = specsOf<Initdb>('Cluster');
  const { database = '', owner = '', postInitApplicationSQL = [] } = bootstrap?.initdb ?? {};
  const owners = services.filter(({ hasDatabase }) => hasDatabase).map(({ name }) => name);

  // A server on which nobody of ours has been yet.
  await admin.query({ text: `drop database ${servers.infrastructure.template} with (force)` });
  for (const name of [...owners, 'accounts']) await admin.query({ text: `drop role payfan_${name}` });
  await admin.query({ text: `create role ${owner} login password 'owner'` });
  await admin.query({ text: `create database ${database} owner ${owner}` });
  for (const text of postInitApplicationSQL) await admin.query({ text });

  const adminUrl = urlOf(owner, 'owner', database);
  const passwords = Object.fromEntries(owners.map((name) => [name, `of-${name}`]));
  await migrate({ adminUrl, passwords });
  // Every new version runs them again.
  await migrate({ adminUrl, passwords });

  for (const name of owners) {
    const service = openDatabase({ url: urlOf(`payfan_${name}`, `of-${name}`, database), name, max: 1 });
    const schemas = await service.query({ text: 'select current_schema() as name' });
    expect(schemas).toEqual([{ name }]);
    await service.stop();
  }
});
