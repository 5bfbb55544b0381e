import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brokerServices } from '@payfan/contracts';
import { assertDemoIsLocal } from '@payfan/database';
import { channelNames, services, V8_FLAGS, variableOf, web } from '@payfan/stack/testing';
import { parse } from 'yaml';

const ROOT = path.resolve(__dirname, '../..');

interface ComposeService {
  image?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  profiles?: string[];
  platform?: string;
  networks?: Record<string, { aliases: string[] }>;
  cpus?: number;
  mem_limit?: string;
  depends_on?: Record<string, { condition: string }>;
}
interface ComposeFile {
  services: Record<string, ComposeService>;
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

/** What `npm run payfan -- secrets` prints, by variable. */
function dotEnv(...args: string[]): Record<string, string> {
  const command = [path.join(ROOT, 'shared/stack/bin/payfan.mjs'), 'secrets', ...args];
  return variablesIn(execFileSync(process.execPath, command, { encoding: 'utf8' }));
}
const variablesIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );

/** `${NAME}`, `${NAME:-default}` and `${NAME:?refusal}`, the spellings that every version of Compose knows. */
const REFERENCE = /\$\{([A-Z_]+)(?::(-|\?)([^}]*))?\}/g;

const demoEnv = dotEnv('--demo');

/** The file as compose reads it with the `.env` of a demo, over which `variables` go. */
function compose(variables: Record<string, string> = {}, env: Record<string, string> = demoEnv): ComposeFile {
  const given = { ...env, ...variables };
  const filledIn = read('docker-compose.yml').replaceAll(
    REFERENCE,
    (_, name: string, kind: string | undefined, text: string | undefined) => {
      const value = given[name] ?? '';
      if (value === '' && kind === '?') throw new Error(text);
      return value === '' && kind === '-' ? (text ?? '') : value;
    },
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
    METRICS_TOKEN: demoEnv['METRICS_TOKEN'] ?? '',
    PORT: String(service.port),
    ...service.environment({
      databaseUrl: (name) =>
        `postgres://payfan_${name}:${demoEnv[variableOf(name, 'DB_PASSWORD')]}@postgres:5432/payfan`,
      amqpUrl: (name) => `amqp://payfan_${name}:${demoEnv[variableOf(name, 'AMQP_PASSWORD')]}@rabbitmq:5672`,
      managementUrl: `http://payfan_operations:${demoEnv['OPERATIONS_AMQP_PASSWORD']}@rabbitmq:15672`,
      smtpUrl: 'smtp://mailhog:1025',
      smsUrl: 'http://sandbox:8026',
      webPushUrl: 'http://sandbox:8027',
      mailUrl: 'http://mailhog:8025',
      serviceUrl: (name) => `http://${name}:${portOf.get(name)}`,
      serviceUrls: (name) => [`http://${name}:${portOf.get(name)}`],
      pageOrigins: ['http://localhost:3000', 'http://127.0.0.1:3000'],
      publicUrl: (name) => `http://127.0.0.1:${portOf.get(name)}`,
      serviceKey: (name) => demoEnv[variableOf(name, 'KEY')] ?? '',
      operatorKeys: demoEnv['OPERATOR_KEYS'] ?? '',
      keyEncryptionKey: demoEnv['KEY_ENCRYPTION_KEY'] ?? '',
      demo: true,
    }),
    // A container answers on its own address, and PAYFAN_BIND is where this machine publishes the port.
    ...(service === web ? { HOSTNAME: '0.0.0.0' } : {}),
    // Natively push has it from the environment of npm start.
    ...(service.name === 'push' ? { VAPID_SUBJECT: '' } : {}),
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

test.each(table)('$name has the same settings as natively', ({ name, service }) => {
  expect(environmentOf(compose(), name)).toEqual(expectedEnvironment(service));
});

test.each(services.map(({ name }) => ({ name })))('$name waits until its tables are there', ({ name }) => {
  expect(compose().services[name]?.depends_on).toMatchObject({
    migrate: { condition: 'service_completed_successfully' },
  });
});

test.each(services.filter(({ name }) => name !== 'operations').map(({ name }) => ({ name })))(
  '$name waits until the broker is set up',
  ({ name }) => {
    expect(compose().services[name]?.depends_on).toMatchObject({
      'setup-broker': { condition: 'service_completed_successfully' },
    });
  },
);

test('the broker is set up by an administrator, once it answers', () => {
  const { command, depends_on: after } = compose().services['setup-broker'] ?? {};
  expect(command).toEqual(['shared/messaging/dist/setup-broker-main.js']);
  expect(after).toMatchObject({ rabbitmq: { condition: 'service_healthy' } });
  expect(environmentOf(compose(), 'setup-broker')).toMatchObject({
    RABBITMQ_ADMIN_URL: `http://payfan:${demoEnv['RABBITMQ_PASSWORD']}@rabbitmq:15672`,
    CHANNELS: channelNames.join(','),
  });
});

test.each(brokerServices(channelNames))('%s and its RabbitMQ user take one password', (service) => {
  const variable = variableOf(service, 'AMQP_PASSWORD');
  const file = compose({ [variable]: 'another' });
  expect(environmentOf(file, 'setup-broker')).toMatchObject({ [variable]: 'another' });
  const programs = services.filter(({ name, worksFor = name }) => worksFor === service);
  expect(programs.length).toBeGreaterThan(0);
  for (const { name } of programs) {
    const { AMQP_URL: amqp, RABBITMQ_MANAGEMENT_URL: management } = environmentOf(file, name);
    expect(amqp ?? management).toContain(`://payfan_${service}:another@rabbitmq:`);
  }
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
  // MailHog has an image for one processor, so its stand-in has its name and ports.
  expect(file.services['mailhog']?.platform).toBe('linux/amd64');
  expect(portsOf('inbox')).toEqual(portsOf('mailhog'));
  expect(file.services['inbox']?.networks).toEqual({ default: { aliases: ['mailhog'] } });
  expect(environmentOf(file, 'inbox')).toMatchObject({
    SANDBOX_PARTS: 'mail',
    SMTP_PORT: '1025',
    MAIL_PORT: '8025',
  });
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
  const variable = variableOf(name, 'DB_PASSWORD');
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
  expect(usual).toContain(demoEnv[variable]);
  expect(changed).not.toContain(demoEnv[variable]);
});

describe('secrets', () => {
  const text = read('docker-compose.yml');
  const references = [...text.matchAll(REFERENCE)].map(([, name = '', kind, rest]) => ({ name, kind, rest }));
  const used = new Set(references.map(({ name }) => name));
  const secret = [...used]
    .filter((name) => /_(PASSWORD|KEY|KEYS|TOKEN)$/.test(name))
    .map((name) => ({ name }));
  const example = read('.env.example');

  test('every variable is spelt so that every version of Compose reads it', () => {
    expect(text.replaceAll('$$', '').match(/\$/g)).toHaveLength(references.length);
  });

  test.each(secret)('without $name Compose stops, and names the command that makes it', ({ name }) => {
    expect(() => compose({ [name]: '' })).toThrow(
      `${name} is missing. npm run payfan -- secrets > .env makes it`,
    );
    // A default would be a password that everybody knows.
    expect(references.filter((one) => one.name === name && one.kind === '-')).toEqual([]);
  });

  test('.env.example explains every variable of the file, and has no others', () => {
    const lines = example.split('\n');
    const explained = lines.flatMap((line) => /^(?:# )?([A-Z_]+)=/.exec(line)?.[1] ?? []);
    const notOfTheFile = ['COMPOSE_PROFILES'];
    expect(explained.filter((name) => !notOfTheFile.includes(name)).sort()).toEqual([...used].sort());
    // Paragraphs begin with what their variables are for.
    for (const paragraph of example.split('\n\n')) expect(paragraph).toMatch(/^# (?![A-Z_]+=)/m);
  });

  test('.env.example holds no secret that works, and the defaults of the file', () => {
    for (const { name } of secret) expect(variablesIn(example)[name]).toMatch(/^(\w+=)?$/);
    expect(() => compose({}, variablesIn(example))).toThrow('is missing');
    const defaults = Object.fromEntries(
      references.filter(({ kind }) => kind === '-').map((one) => [one.name, one.rest]),
    );
    for (const [, name = '', value = ''] of example.matchAll(/^(?:# )?([A-Z_]+)=(.+)$/gm))
      if (defaults[name] !== undefined && defaults[name] !== '')
        expect([name, value]).toEqual([name, defaults[name]]);
  });

  test('the command fills in every secret, each time with others, long enough for every program', () => {
    const [first, second] = [dotEnv(), dotEnv()];
    compose({}, first);
    const values = secret.map(({ name }) => first[name] ?? '');
    expect(new Set(values).size).toBe(secret.length);
    for (const { name } of secret) {
      expect(first[name]).not.toBe(second[name]);
      const value =
        first[name]
          ?.split('=')
          .filter((part) => part !== '')
          .at(-1) ?? '';
      if (name.endsWith('_ENCRYPTION_KEY')) expect(Buffer.from(value, 'base64')).toHaveLength(32);
      else expect(value).toMatch(/^[0-9a-z]{32,}$/);
    }
  });
});

describe('the demo', () => {
  test('is asked for: without --demo there are no demo keys and no demo accounts', () => {
    expect(dotEnv()).toMatchObject({ PAYFAN_DEMO: 'false' });
    expect(dotEnv()).not.toHaveProperty('COMPOSE_PROFILES');
    expect(demoEnv).toMatchObject({ PAYFAN_DEMO: 'true', COMPOSE_PROFILES: 'demo' });
    for (const name of ['transaction', 'web', 'migrate']) {
      for (const [given, told] of [
        [{ PAYFAN_DEMO: '' }, 'false'],
        [{ PAYFAN_DEMO: 'true' }, 'true'],
      ] as const)
        expect(environmentOf(compose(given), name)['PAYFAN_DEMO']).toBe(told);
    }
  });

  test('the profile demo opens the accounts, after their tables are there, and starts nothing else', () => {
    const { services: containers } = compose();
    const profiled = Object.entries(containers).filter(([, { profiles }]) => profiles?.includes('demo'));
    expect(profiled).toEqual([
      [
        'demo-accounts',
        expect.objectContaining({
          profiles: ['demo'],
          command: ['services/transaction/dist/demo-main.js'],
          depends_on: { migrate: { condition: 'service_completed_successfully' } },
        }),
      ],
    ]);
    expect(environmentOf(compose(), 'demo-accounts')).toEqual({
      ADMIN_DATABASE_URL: environmentOf(compose(), 'migrate')['ADMIN_DATABASE_URL'],
      PAYFAN_DEMO: 'true',
    });
  });

  test('does not start where other machines could reach it', () => {
    const env = environmentOf(compose({ PAYFAN_BIND: '0.0.0.0' }), 'migrate');
    expect(() => assertDemoIsLocal(env)).toThrow('PAYFAN_BIND is 0.0.0.0');
    assertDemoIsLocal(environmentOf(compose(), 'migrate'));
  });
});

test('PAYFAN_BIND opens the APIs and pages to other machines, and never the infrastructure', () => {
  const closed = ['postgres', 'rabbitmq', 'mailhog', 'inbox', 'sandbox'];
  const portsOf = (file: ComposeFile) =>
    Object.entries(file.services).flatMap(([name, { ports = [] }]) => ports.map((port) => ({ name, port })));
  const addressOf = ({ port }: { port: string }) => port.split(':')[0];
  expect([...new Set(portsOf(compose()).map(addressOf))]).toEqual(['127.0.0.1']);
  for (const one of portsOf(compose({ PAYFAN_BIND: '0.0.0.0' }))) {
    expect([one, addressOf(one)]).toEqual([one, closed.includes(one.name) ? '127.0.0.1' : '0.0.0.0']);
  }
});
