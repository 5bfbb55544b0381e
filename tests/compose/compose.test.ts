import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { services, V8_FLAGS, web } from '@payfan/stack/testing';
import { parse } from 'yaml';

const ROOT = path.resolve(__dirname, '../..');

interface ComposeService {
  image?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  cpus?: number;
  mem_limit?: string;
  depends_on?: Record<string, { condition: string }>;
}
interface ComposeFile {
  services: Record<string, ComposeService>;
}

/** The file as compose reads it: `${NAME:-default}` filled in from `variables`. */
function compose(variables: Record<string, string> = {}): ComposeFile {
  const text = readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8');
  const filledIn = text.replaceAll(
    /\$\{([A-Z_]+):-([^}]*)\}/g,
    (_, name: string, usual: string) => variables[name] ?? usual,
  );
  return parse(filledIn, { merge: true }) as ComposeFile;
}

/** A service's variables, all as text. */
function environmentOf(file: ComposeFile, name: string): Record<string, string> {
  const environment = file.services[name]?.environment ?? {};
  return Object.fromEntries(Object.entries(environment).map(([key, value]) => [key, String(value)]));
}

/** What a service is told natively, at the addresses that compose gives to everything around it. */
function expectedEnvironment(service: (typeof services)[number]): Record<string, string> {
  const portOf = new Map(services.map(({ name, port }) => [name, port]));
  return {
    LOG_LEVEL: 'info',
    PORT: String(service.port),
    ...service.environment({
      databaseUrl: (name) => `postgres://payfan_${name}:${name}@postgres:5432/payfan`,
      amqpUrl: 'amqp://payfan:payfan@rabbitmq:5672',
      managementUrl: 'http://payfan:payfan@rabbitmq:15672',
      smtpUrl: 'smtp://mailhog:1025',
      smsUrl: 'http://sandbox:8026',
      webPushUrl: 'http://sandbox:8027',
      mailUrl: 'http://mailhog:8025',
      serviceUrl: (name) => `http://${name}:${portOf.get(name)}`,
      serviceUrls: (name) => [`http://${name}:${portOf.get(name)}`],
      pageOrigins: ['http://localhost:3000', 'http://127.0.0.1:3000'],
      publicUrl: (name) => `http://127.0.0.1:${portOf.get(name)}`,
      serviceKey: (name) => name,
      demo: true,
    }),
  };
}

/** What lies behind the door, as `name=URL`. */
function doorLeadsTo(): string[] {
  const { LEADS_TO = '', LEADS_ALSO_TO = '' } = environmentOf(compose(), 'door');
  return `${LEADS_TO},${LEADS_ALSO_TO}`.split(',');
}

const table = [...services, web].map((service) => ({ ...service, service }));
const answering = table.filter(({ worksFor }) => worksFor === undefined);
const workers = table.filter(({ worksFor }) => worksFor !== undefined);
const withDatabase = table.filter(({ hasDatabase }) => hasDatabase);

test('every service of the repository is there, and starts its own program', () => {
  const { services: containers } = compose();
  for (const name of readdirSync(path.join(ROOT, 'services'))) {
    // The pages' server brings its own libraries, so it has an image of its own.
    const entry = name === 'web' ? 'services/web/server.js' : `services/${name}/dist/main.js`;
    expect([name, containers[name]?.command]).toEqual([name, [entry]]);
  }
  expect(web.entry).toBe('services/web/.next/standalone/services/web/server.js');
});

test('the image starts programs with the flags that they have natively', () => {
  const stages = readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8').split(/^FROM /m);
  const programs = stages.find((stage) => /^\S+ AS programs$/m.test(stage));
  const [, entryPoint = ''] = /^ENTRYPOINT (.+)$/m.exec(programs ?? '') ?? [];
  expect(JSON.parse(entryPoint)).toEqual(['node', ...V8_FLAGS]);
});

test('the pages send browsers to the ports and the name of this machine that it is given', () => {
  const usual = environmentOf(compose(), 'web');
  for (const { name, portVariable, port } of services) {
    const variable = `PUBLIC_${name.toUpperCase()}_URL`;
    if (usual[variable] === undefined) continue;
    const told = environmentOf(compose({ [portVariable]: '23456', PAYFAN_HOST: 'pay.local' }), 'web');
    expect([usual[variable], told[variable]]).toEqual([`http://127.0.0.1:${port}`, 'http://pay.local:23456']);
  }
});

test.each(table)('$name is told the same as natively', ({ name, service }) => {
  expect(environmentOf(compose(), name)).toEqual(expectedEnvironment(service));
});

test.each(services.map(({ name }) => ({ name })))('$name waits until its tables are there', ({ name }) => {
  expect(compose().services[name]?.depends_on).toMatchObject({
    migrate: { condition: 'service_completed_successfully' },
  });
});

test.each(workers)(
  '$name runs its own program, at no port of this machine, and can be scaled',
  ({ name, entry }) => {
    const container = compose().services[name];
    expect(container?.command).toEqual([entry]);
    expect(container).not.toHaveProperty('ports');
  },
);

test('a premium worker of payouts may use more of the machine than a free one', () => {
  const { 'payout-worker-premium': premium, 'payout-worker-free': free } = compose().services;
  expect([premium?.cpus, premium?.mem_limit]).toEqual([2, '1g']);
  expect([free?.cpus, free?.mem_limit]).toEqual([0.5, '512m']);
});

test.each(answering)(
  '$name answers on its port of this machine, or on $portVariable',
  ({ name, port, portVariable }) => {
    const publishers = (file: ComposeFile, mapping: string) =>
      Object.keys(file.services).filter((other) => file.services[other]?.ports?.includes(mapping));
    const [publisher, ...others] = publishers(compose(), `127.0.0.1:${port}:${port}`);
    expect(others).toEqual([]);
    expect([name, 'door']).toContain(publisher);
    expect(publishers(compose({ [portVariable]: '23456' }), `127.0.0.1:23456:${port}`)).toEqual([publisher]);
    // A port that the door has is one that leads somewhere.
    if (publisher === 'door') expect(doorLeadsTo()).toContain(`${name}=http://${name}:${port}`);
  },
);

test('the world outside and the infrastructure answer where everybody looks for them', () => {
  const file = compose();
  const portsOf = (name: string) => file.services[name]?.ports?.map((mapping) => mapping.split(':').at(-1));
  // Two programs play the world outside, each a part.
  expect(portsOf('mailhog')).toEqual(['1025', '8025']);
  expect(portsOf('sandbox')).toEqual(['8026', '8027']);
  expect(environmentOf(file, 'sandbox')).toMatchObject({
    ...{ SANDBOX_PARTS: 'sms,webpush', SMS_PORT: '8026', WEB_PUSH_PORT: '8027' },
    WEB_PUSH_URL: environmentOf(file, 'push')['WEB_PUSH_SANDBOX_URL'],
  });
  expect(portsOf('postgres')).toEqual(['5432']);
  expect(portsOf('rabbitmq')).toEqual(['5672', '15672']);
});

test('what can be scaled publishes no port of its own', () => {
  expect(doorLeadsTo()).toContain('gateway=http://gateway:4010');
  for (const address of doorLeadsTo()) {
    expect(compose().services[address.split('=')[0] ?? '']).not.toHaveProperty('ports');
  }
});

test.each(withDatabase)('$name and its role take one password', ({ name }) => {
  const variable = `${name.toUpperCase()}_DB_PASSWORD`;
  expect(environmentOf(compose(), 'migrate')).toMatchObject({ [variable]: name });

  const file = compose({ [variable]: 'another' });
  expect(environmentOf(file, 'migrate')).toMatchObject({ [variable]: 'another' });
  expect(environmentOf(file, name)['DATABASE_URL']).toBe(
    `postgres://payfan_${name}:another@postgres:5432/payfan`,
  );
});

test.each(['POSTGRES_PASSWORD', 'RABBITMQ_PASSWORD'])('%s reaches everyone who needs it', (variable) => {
  const [usual, changed] = [compose(), compose({ [variable]: 'another' })].map((file) =>
    JSON.stringify(file),
  );
  const server = compose({ [variable]: 'another' }).services[variable.split('_')[0]?.toLowerCase() ?? ''];
  expect(Object.values(server?.environment ?? {})).toContain('another');
  // Whoever knew the usual one knows the other now.
  const users = usual?.match(/:\/\/payfan:payfan@(postgres|rabbitmq)/g) ?? [];
  const left = changed?.match(/:\/\/payfan:payfan@(postgres|rabbitmq)/g) ?? [];
  const protocol = variable.startsWith('POSTGRES') ? 'postgres' : 'rabbitmq';
  expect(users.filter((url) => url.endsWith(protocol)).length).toBeGreaterThan(0);
  expect(left.filter((url) => url.endsWith(protocol))).toEqual([]);
});

test('nothing of ours is reachable from other machines unless asked for', () => {
  const ports = (file: ComposeFile) => Object.values(file.services).flatMap((service) => service.ports ?? []);
  expect(ports(compose()).filter((mapping) => !mapping.startsWith('127.0.0.1:'))).toEqual([]);
  const everywhere = ports(compose({ PAYFAN_BIND: '0.0.0.0' }));
  expect(everywhere.length).toBeGreaterThan(0);
  expect(everywhere.filter((mapping) => !mapping.startsWith('0.0.0.0:'))).toEqual([]);
});
