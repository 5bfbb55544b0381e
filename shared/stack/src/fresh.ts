import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { openManagement } from '@payfan/messaging/management';
import { setUpBroker } from '@payfan/messaging/setup-broker';
import { brokerServices, brokerUserName } from '@payfan/contracts';
import { asUser } from './as-user.ts';
import { channelNames } from './services.ts';
import {
  dropDatabase,
  quoteName,
  testPassword,
  withConnection,
  withDatabase,
  withRole,
} from './sql-names.ts';
import type { TestInfrastructure } from './test-infrastructure.ts';
import { infrastructureFile, TEST_RUN_VARIABLE, type InfrastructureFile } from './test-run.ts';
import { waitFor } from './wait.ts';

export class NotUnderJest extends Error {
  constructor() {
    super('No test infrastructure: run tests with `npm test`, which starts Postgres and RabbitMQ for them.');
    this.name = 'NotUnderJest';
  }
}

/** Longer than a first start on a slow machine, which may have to pull images. */
const INFRASTRUCTURE_TIMEOUT_MS = 300_000;

/** The record of this test run. */
export function testRunFolder(): string {
  const folder = process.env[TEST_RUN_VARIABLE];
  if (folder === undefined) throw new NotUnderJest();
  return folder;
}

/** Resolves when the servers are up; rejects with the reason if they cannot be had. */
export async function testInfrastructure(): Promise<TestInfrastructure> {
  const file = infrastructureFile(testRunFolder());
  await waitFor(() => Promise.resolve(existsSync(file)), {
    what: 'Postgres and RabbitMQ for the tests being ready',
    timeoutMs: INFRASTRUCTURE_TIMEOUT_MS,
  });
  const content = JSON.parse(readFileSync(file, 'utf8')) as InfrastructureFile;
  if ('error' in content)
    throw new Error(`There is no Postgres and RabbitMQ for this test. ${content.error}`);
  return content.infrastructure;
}

export interface FreshDatabase {
  name: string;
  /** May do everything. */
  adminUrl: string;
  /** As the service itself connects: its own role, with its own rights. */
  urlFor(service: string): string;
  /** Ends the connections to it and drops it. */
  drop(): Promise<void>;
}

/** A database of a test's own, with every service's tables, copied from the template (some 50 ms). */
export async function freshDatabase(servers?: TestInfrastructure): Promise<FreshDatabase> {
  const { adminUrl, template } = servers ?? (await testInfrastructure());
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withConnection(adminUrl, async (database) => {
    await database.query({ text: `create database ${quoteName(name)} template ${quoteName(template)}` });
    // Settings that a role has in one database (its search_path) belong to that database and are not
    // copied with it.
    const settings = await database.query<{ statement: string }>({
      text: `select format('alter role %I in database %I set %s to %s', r.rolname, $2::text,
                           split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)) as statement
               from pg_db_role_setting s
               join pg_database d on d.oid = s.setdatabase
               join pg_roles r on r.oid = s.setrole,
                    unnest(s.setconfig) as setting
              where d.datname = $1`,
      values: [template, name],
    });
    for (const { statement } of settings) await database.query({ text: statement });
  });
  const own = withDatabase(adminUrl, name);
  return {
    name,
    adminUrl: own,
    urlFor: (service) => withRole(own, `payfan_${service}`, testPassword(service)),
    drop: () => dropDatabase(adminUrl, name),
  };
}

export interface FreshVhost {
  vhost: string;
  /** Leads to this vhost as an administrator; a list of URLs where the broker is a cluster. */
  amqpUrl: string;
  /** The management API of the whole broker, as an administrator. */
  managementUrl: string;
  remove(): Promise<void>;
}

/** A part of the broker of a test's own: its own exchanges and queues. */
export async function freshVhost(servers?: TestInfrastructure): Promise<FreshVhost> {
  const { amqpUrl, managementUrl } = servers ?? (await testInfrastructure());
  const management = openManagement(managementUrl);
  const vhost = `test-${randomBytes(6).toString('hex')}`;
  const user = new URL(managementUrl).username;
  await management.put(`vhosts/${vhost}`);
  await management.put(`permissions/${vhost}/${user}`, { configure: '.*', write: '.*', read: '.*' });
  return {
    vhost,
    amqpUrl: amqpUrl
      .split(',')
      .map((host) => `${host}/${vhost}`)
      .join(','),
    managementUrl,
    remove: () => management.delete(`vhosts/${vhost}`),
  };
}

/** A vhost that is set up for services. */
export interface FreshBroker extends FreshVhost {
  /** As the service itself connects: its own user, with its own rights. */
  urlFor(service: string): string;
  /** The management API as the service's user. */
  managementUrlFor(service: string): string;
}

/** A vhost with all that services find at the broker, and with their users; a little slower than a bare one. */
export async function freshBroker({
  servers,
  channels = channelNames,
}: { servers?: TestInfrastructure | undefined; channels?: readonly string[] } = {}): Promise<FreshBroker> {
  const fresh = await freshVhost(servers);
  const { vhost, amqpUrl, managementUrl: adminUrl } = fresh;
  const passwords = Object.fromEntries(brokerServices(channels).map((name) => [name, testPassword(name)]));
  await setUpBroker({ adminUrl, vhost, channels, passwords });
  const as = (service: string, urls: string) => asUser(urls, brokerUserName(service), testPassword(service));
  return {
    ...fresh,
    urlFor: (service) => as(service, amqpUrl),
    managementUrlFor: (service) => as(service, adminUrl),
  };
}
