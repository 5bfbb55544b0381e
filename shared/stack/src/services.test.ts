import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './paths.ts';
import { services, servicesWithDatabase, servicesWithKey, web, type Surroundings } from './services.ts';

const around: Surroundings = {
  databaseUrl: (service) => `postgres://payfan_${service}`,
  amqpUrl: (service) => `amqp://payfan_${service}@broker`,
  managementUrl: 'http://broker',
  smtpUrl: 'smtp://mail',
  smsUrl: 'http://sms',
  webPushUrl: 'http://web-push',
  mailUrl: 'http://mail-api',
  serviceUrl: (service) => `http://${service}`,
  serviceUrls: (service) => [`http://${service}`, `http://${service}-2`],
  pageOrigins: ['http://pages'],
  publicUrl: (service) => `http://public-${service}`,
  serviceKey: (service) => `key-of-${service}`,
  operatorKeys: '',
  keyEncryptionKey: '',
  demo: true,
};

const folder = path.join(repository, 'services');
interface Package {
  dependencies?: Record<string, string>;
  payfan?: { migrations?: string[] };
}
const packageOf = (name: string) =>
  JSON.parse(readFileSync(path.join(folder, name, 'package.json'), 'utf8')) as Package;

/** Those that are a folder of their own. */
const programs = services.filter(({ worksFor }) => worksFor === undefined).map(({ name }) => name);

test('every service in the repository is started, each on a port of its own', () => {
  const names = services.map(({ name }) => name);
  const all = [...services, web];
  expect([...programs, 'sandbox', 'web'].sort()).toEqual(readdirSync(folder).sort());
  expect(new Set(all.map(({ port }) => port)).size).toBe(all.length);
  expect(new Set(all.map(({ portVariable }) => portVariable)).size).toBe(all.length);
  expect(names).toEqual(expect.arrayContaining(['payout-worker-premium', 'payout-worker-free']));
});

test('workers are programs of a service of ours', () => {
  for (const { entry, worksFor } of services) {
    if (worksFor !== undefined) expect(entry).toMatch(new RegExp(`^services/${worksFor}/dist/`));
  }
});

test('those with a database are those with migrations', () => {
  const migrated = programs.filter((name) => packageOf(name).payfan?.migrations);
  expect([...servicesWithDatabase].sort()).toEqual(migrated.sort());
});

test('transaction and operations know every channel', () => {
  const told = (name: string) => services.find((one) => one.name === name)?.environment(around)['CHANNELS'];
  const channels = programs.filter((name) => packageOf(name).dependencies?.['@payfan/channel'] !== undefined);
  expect(channels.length).toBeGreaterThanOrEqual(3);
  expect(told('transaction')).toBe(channels.join(','));
  for (const name of ['payout', 'payout-worker-premium', 'payout-worker-free']) {
    expect(told(name)).toBe(told('transaction'));
  }
  expect(told('operations')).toBe(channels.map((name) => `${name}=http://${name}`).join(','));
});

test('operations knows every copy of the gateway', () => {
  const told = services.find(({ name }) => name === 'operations')?.environment(around);
  expect(told?.['GATEWAY_URLS']).toBe('http://gateway,http://gateway-2');
});

test('the pages tell browsers where every API is, and themselves ask the transaction service', () => {
  const told = web.environment(around);
  for (const name of ['transaction', 'gateway', 'payout', 'operations', 'push']) {
    expect(told[`PUBLIC_${name.toUpperCase()}_URL`]).toBe(`http://public-${name}`);
  }
  expect(told).toMatchObject({ TRANSACTION_URL: 'http://transaction', MAIL_URL: 'http://mail-api' });
  expect(web.environment({ ...around, mailUrl: undefined })).toMatchObject({ MAIL_URL: '' });
});

test('every program that asks the transaction service has a key of the service that it works for', () => {
  const asking = [...services, web].filter(
    ({ environment }) => environment(around)['TRANSACTION_URL'] !== undefined,
  );
  for (const { name, worksFor = name, environment } of asking) {
    expect([name, environment(around)['SERVICE_KEY']]).toEqual([name, `key-of-${worksFor}`]);
  }
  expect(new Set(asking.map(({ name, worksFor = name }) => worksFor))).toEqual(new Set(servicesWithKey));
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
  expect(operations?.environment({ ...around, amqpUrl: () => amqpUrl })).toMatchObject({
    RABBITMQ_MANAGEMENT_URL: 'http://broker',
    RABBITMQ_VHOST: vhost,
  });
});

test('no program gets the database role, the broker user or the key of a service that it does not work for', () => {
  for (const { name, worksFor = name, environment } of [...services, web]) {
    const { DATABASE_URL: url, AMQP_URL: broker, SERVICE_KEY: key } = environment(around);
    expect(broker ?? `amqp://payfan_${worksFor}@broker`).toBe(`amqp://payfan_${worksFor}@broker`);
    expect(url ?? `postgres://payfan_${worksFor}`).toBe(`postgres://payfan_${worksFor}`);
    expect(key ?? `key-of-${worksFor}`).toBe(`key-of-${worksFor}`);
  }
});
