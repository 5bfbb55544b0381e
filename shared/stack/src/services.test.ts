import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './paths.ts';
import { services, servicesWithDatabase, servicesWithKey, type Surroundings } from './services.ts';

const around: Surroundings = {
  databaseUrl: (service) => `postgres://payfan_${service}`,
  amqpUrl: 'amqp://broker',
  managementUrl: 'http://broker',
  smtpUrl: 'smtp://mail',
  smsUrl: 'http://sms',
  webPushUrl: 'http://web-push',
  serviceUrl: (service) => `http://${service}`,
  serviceKey: (service) => `key-of-${service}`,
  demo: true,
};

const folder = path.join(repository, 'services');
interface Package {
  dependencies?: Record<string, string>;
  payfan?: { migrations?: string[] };
}
const packageOf = (name: string) =>
  JSON.parse(readFileSync(path.join(folder, name, 'package.json'), 'utf8')) as Package;

test('every service in the repository is started, each on a port of its own', () => {
  const names = services.map(({ name }) => name);
  expect([...names, 'sandbox'].sort()).toEqual(readdirSync(folder).sort());
  expect(new Set(services.map(({ port }) => port)).size).toBe(services.length);
});

test('those with a database are those with migrations', () => {
  const migrated = services.map(({ name }) => name).filter((name) => packageOf(name).payfan?.migrations);
  expect([...servicesWithDatabase].sort()).toEqual(migrated.sort());
});

test('transaction and operations know every channel', () => {
  const told = (name: string) => services.find((one) => one.name === name)?.environment(around)['CHANNELS'];
  const names = services.map(({ name }) => name);
  const channels = names.filter((name) => packageOf(name).dependencies?.['@payfan/channel'] !== undefined);
  expect(channels.length).toBeGreaterThanOrEqual(3);
  expect(told('transaction')).toBe(channels.join(','));
  expect(told('operations')).toBe(channels.map((name) => `${name}=http://${name}`).join(','));
});

test('transaction knows the key of every service that has one', () => {
  const keys = services.find(({ name }) => name === 'transaction')?.environment(around)['SERVICE_KEYS'];
  expect(keys?.split(',')).toEqual(servicesWithKey.map((name) => `${name}=key-of-${name}`));
});

test.each([
  ['amqp://broker', '/'],
  ['amqp://broker/', '/'],
  ['amqp://broker/payments', 'payments'],
  ['amqp://one/%2Fours,amqp://two/%2Fours', '/ours'],
])('operations counts the queues of the vhost of %s', (amqpUrl, vhost) => {
  const operations = services.find(({ name }) => name === 'operations');
  expect(operations?.environment({ ...around, amqpUrl })).toMatchObject({
    RABBITMQ_MANAGEMENT_URL: 'http://broker',
    RABBITMQ_VHOST: vhost,
  });
});

test('nobody is given the database role of another', () => {
  for (const { name, environment } of services) {
    const url = environment(around)['DATABASE_URL'];
    expect(url ?? `postgres://payfan_${name}`).toBe(`postgres://payfan_${name}`);
  }
});
