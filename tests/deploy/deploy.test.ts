import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHANNEL_CONNECTIONS } from '@payfan/channel';
import {
  brokerServices,
  brokerUserName,
  channelTopology,
  laneQueue,
  LANES,
  payoutQueue,
  payoutsTopology,
  TIERS,
} from '@payfan/contracts';
import { channelNames, services, testAuthority, web } from '@payfan/stack/testing';
import { parse } from 'yaml';
import { namesRead } from './config-of.ts';
import { DEPLOY, KUSTOMIZATIONS, read } from './kustomize.ts';
import {
  bytes,
  cpus,
  deployments,
  environmentOf,
  everything,
  images,
  jobs,
  partsOfOthers,
  scalings,
  secrets,
  specsOf,
} from './workloads.ts';

interface ComposeService {
  image?: string;
  command?: string[];
  environment?: Record<string, string | number>;
  cpus?: number;
  mem_limit?: string;
}
const compose = (
  parse(readFileSync(path.resolve(DEPLOY, '../docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, ComposeService>;
  }
).services;

/** Of the demo's world outside; where money is real nobody is told of it. */
const DEMO_ONLY: Record<string, string[]> = {
  push: ['WEB_PUSH_SANDBOX_URL'],
  web: ['MAIL_URL', 'SMS_URL'],
  // There everybody comes through one door; here by a proxy that says from where.
  gateway: ['CONNECTIONS_PER_ADDRESS'],
};
/** Next's own server reads these. */
const READ_BY_NEXT = ['PORT', 'HOSTNAME', 'LOG_LEVEL', 'NODE_EXTRA_CA_CERTS'];
/** KEDA reads it from the container (deploy/base/rabbitmq-tls.yaml). */
const READ_BY_KEDA = ['KEDA_TLS'];

/** How the database is reached: by the CA that CloudNativePG makes, which stands in the Secret `postgres-ca`. */
const VERIFIED = '?sslmode=verify-full&sslrootcert=/etc/payfan/ca/postgres.crt';
const CA_VOLUME = {
  name: 'ca',
  projected: {
    sources: [
      { secret: { name: 'payfan-ca', items: [{ key: 'tls.crt', path: 'ca.crt' }] } },
      { secret: { name: 'postgres-ca', items: [{ key: 'ca.crt', path: 'postgres.crt' }] } },
    ],
  },
};

const mounted = mkdtempSync(path.join(tmpdir(), 'payfan-deploy-'));
for (const file of ['ca.crt', 'postgres.crt'])
  writeFileSync(path.join(mounted, file), testAuthority().certificate);
afterAll(() => rmSync(mounted, { recursive: true }));
/** Programs read the CA files of their volume at the start: here they are in a folder of the test's. */
const withMountedFiles = (told: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(told).map(([name, value]) => [name, value.replaceAll('/etc/payfan/ca', mounted)]),
  );

const programs = [...services, web];
const table = programs.map(({ name, port }) => ({ name, port }));
const workers = ['payout-worker-premium', 'payout-worker-free'];

function deployment(name: string): (typeof deployments)[number] {
  const found = deployments.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no Deployment ${name}`);
  return found;
}
const environment = (name: string) => environmentOf(deployment(name).container);
const scalingOf = (name: string) => scalings.find(({ scaleTargetRef }) => scaleTargetRef.name === name);

test('every program of the stack is here, and no other', () => {
  expect(deployments.map(({ name }) => name).sort()).toEqual(programs.map(({ name }) => name).sort());
});

test.each(table)('$name runs what it runs in compose', ({ name, port }) => {
  const { container } = deployment(name);
  expect(container.args).toEqual(compose[name]?.command);
  expect(`${container.image}:local`).toBe(compose[name]?.image);
  expect(images.base).toContain(container.image);
  expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
  expect(environmentOf(container)['PORT']).toBe(String(port));
});

test.each(table)('$name is asked whether it lives and is ready, and has time to stop', ({ name }) => {
  const { container, pod } = deployment(name);
  const asked = { port: 'http', ...(name === web.name ? {} : { scheme: 'HTTPS' }) };
  expect(container.startupProbe?.httpGet).toEqual({ path: '/livez', ...asked });
  expect(container.livenessProbe?.httpGet).toEqual({ path: '/livez', ...asked });
  expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', ...asked });
  // A program takes 10 s at most (shared/service/src/lifecycle.ts).
  const waits = container.lifecycle?.preStop.sleep.seconds ?? 0;
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(waits + 10);
});

test.each([...deployments, ...jobs])('$name may do no more than it has to', ({ container, pod }) => {
  expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const { requests, limits } = container.resources;
  expect(cpus(requests.cpu)).toBeLessThanOrEqual(cpus(limits.cpu));
  expect(bytes(requests.memory)).toBeLessThanOrEqual(bytes(limits.memory));
});

test.each(table)('$name understands every variable that it gets, and misses none', async ({ name }) => {
  const { container } = deployment(name);
  const told = environmentOf(container);
  // settings.env has an address that push refuses until it is replaced.
  const mended = { ...told, ...('VAPID_SUBJECT' in told && { VAPID_SUBJECT: 'mailto:operator@payfan.in' }) };
  const known = await namesRead(name, withMountedFiles(mended));
  READ_BY_KEDA.forEach((variable) => known.add(variable));
  if (name === web.name) READ_BY_NEXT.forEach((variable) => known.add(variable));
  const parts = partsOfOthers(container);
  // What is put into others has to stand above them.
  expect(Object.values(told).filter((value) => value.includes('$('))).toEqual([]);
  expect(Object.keys(told).filter((variable) => !known.has(variable) && !parts.has(variable))).toEqual([]);
});

test.each(table)('$name gets all variables that compose gives it', ({ name }) => {
  const inCompose = Object.keys(compose[name]?.environment ?? {});
  const meant = inCompose.filter((variable) => DEMO_ONLY[name]?.includes(variable) !== true);
  expect(Object.keys(environment(name))).toEqual(expect.arrayContaining(meant));
  // What is written there for both is the same here.
  for (const variable of [
    'LANE',
    'CONCURRENCY',
    'PUSH_URL',
    'PAYOUT_URL',
    'RABBITMQ_VHOST',
    'SERVICE_GRANTS',
  ]) {
    const value = compose[name]?.environment?.[variable];
    // Compose stays on one machine, without TLS.
    const here = environment(name)[variable]?.replace(/^https:/, 'http:');
    if (value !== undefined) expect(here).toBe(String(value));
  }
});

test('the demo stays at home', () => {
  expect(environment('transaction')['PAYFAN_DEMO']).toBe('false');
  expect(environment('web')['PAYFAN_DEMO']).toBe('false');
  const told = deployments.flatMap(({ container }) => Object.values(environmentOf(container)));
  expect(told.filter((value) => /sandbox|mailhog|demo_|127\.0\.0\.1|localhost/.test(value))).toEqual([]);
});

test('every address within leads to a Service that somebody answers', () => {
  const ports = new Map(
    specsOf<{ selector: { app: string }; ports: { port: number; targetPort: string }[] }>('Service').map(
      ({ name, selector, ports: [port] }) => {
        expect(deployment(selector.app).labels['app']).toBe(selector.app);
        expect(port).toMatchObject({
          port: deployment(selector.app).container.ports?.[0]?.containerPort,
          targetPort: 'http',
        });
        return [name, port?.port];
      },
    ),
  );
  const addresses = deployments.flatMap(({ container }) =>
    Object.values(environmentOf(container)).flatMap((value) => [
      ...value.matchAll(/https:\/\/(?:[^@/]*@)?([a-z]+):(\d+)/g),
    ]),
  );
  expect(addresses.length).toBeGreaterThan(0);
  for (const [whole, name = '', port] of addresses) {
    expect([whole, name === 'rabbitmq' ? 15671 : ports.get(name)]).toEqual([whole, Number(port)]);
  }
});

test('no connection inside is without TLS, or without a check of who the server is', () => {
  const values = [...deployments, ...jobs].flatMap(({ container }) =>
    Object.values(environmentOf(container)),
  );
  const plain = values.filter(
    (value) => /\bamqp:|\bhttp:/.test(value) || (/\bpostgres(ql)?:/.test(value) && !value.endsWith(VERIFIED)),
  );
  expect(plain).toEqual([]);
  expect(specsOf('RabbitmqCluster')).toMatchObject([
    { tls: { secretName: 'rabbitmq-tls', disableNonTLSListeners: true } },
  ]);
  for (const { container, pod } of [...deployments, ...jobs]) {
    expect(environmentOf(container)['NODE_EXTRA_CA_CERTS']).toBe('/etc/payfan/ca/ca.crt');
    expect(container.volumeMounts).toContainEqual(expect.objectContaining({ mountPath: '/etc/payfan/ca' }));
    expect(pod.volumes).toContainEqual(CA_VOLUME);
  }
});

test('every server has a certificate of its own, for each name that leads to it', () => {
  const certificates = specsOf<{ secretName: string; dnsNames: string[]; issuerRef: { name: string } }>(
    'Certificate',
  );
  const leading = specsOf<{ selector: { app?: string } }>('Service');
  for (const { name, container, pod } of deployments.filter((one) => one.name !== web.name)) {
    const certificate = certificates.find((one) => one.name === name);
    const names = leading.filter(({ selector }) => selector.app === name).map((service) => service.name);
    expect(certificate).toMatchObject({ secretName: `${name}-tls`, issuerRef: { name: 'payfan-ca' } });
    expect(certificate?.dnsNames).toEqual(
      expect.arrayContaining(names.flatMap((host) => [host, `${host}.payfan.svc`])),
    );
    expect(pod.volumes).toContainEqual({ name: 'tls', secret: { secretName: `${name}-tls` } });
    expect(container.volumeMounts).toContainEqual(
      expect.objectContaining({ name: 'tls', mountPath: '/etc/payfan/tls' }),
    );
    expect(environment(name)).toMatchObject({
      TLS_CERT_FILE: '/etc/payfan/tls/tls.crt',
      TLS_KEY_FILE: '/etc/payfan/tls/tls.key',
    });
  }
  const broker = certificates.find(({ secretName }) => secretName === 'rabbitmq-tls');
  expect(broker?.dnsNames).toEqual(expect.arrayContaining(['rabbitmq', 'rabbitmq.payfan.svc']));
});

test('everybody knows the same channels', () => {
  expect(environment('transaction')['CHANNELS']).toBe(channelNames.join(','));
  expect(environment('payout')['CHANNELS']).toBe(channelNames.join(','));
  const addresses = channelNames.map((name) => `${name}=https://${name}:${environment(name)['PORT']}`);
  expect(environment('operations')['CHANNELS']).toBe(addresses.join(','));
});

test('the migrations run from the same image, with a password for each role that logs in', () => {
  const container = jobs.find(({ name }) => name === 'migrate')?.container;
  if (container === undefined) throw new Error('no Job migrate');
  expect(container.args).toEqual(compose['migrate']?.command);
  expect(`${container.image}:local`).toBe(compose['migrate']?.image);
  expect(images.migrate).toEqual([container.image]);

  const told = environmentOf(container);
  // A deployment is no demo and needs neither.
  const ofDemos = ['PAYFAN_DEMO', 'PAYFAN_BIND'];
  const inCompose = Object.keys(compose['migrate']?.environment ?? {}).filter(
    (key) => !ofDemos.includes(key),
  );
  expect(Object.keys(told)).toEqual(expect.arrayContaining(inCompose));
  expect(told['ADMIN_DATABASE_URL']).toBe(`postgres://payfan:owner@postgres-rw:5432/payfan${VERIFIED}`);
  for (const { name, hasDatabase, worksFor } of services) {
    const owner = worksFor ?? name;
    if (!hasDatabase && worksFor === undefined) continue;
    expect(environment(name)['DATABASE_URL']).toBe(
      `postgres://payfan_${owner}:${told[`${owner.toUpperCase()}_DB_PASSWORD`]}@postgres-rw:5432/payfan${VERIFIED}`,
    );
  }
});

test('the broker is set up from the same image, with a password for each user that logs in', () => {
  const container = jobs.find(({ name }) => name === 'setup-broker')?.container;
  if (container === undefined) throw new Error('no Job setup-broker');
  expect(container.args).toEqual(compose['setup-broker']?.command);
  expect(`${container.image}:local`).toBe(compose['setup-broker']?.image);

  const told = environmentOf(container);
  // Only a demo may have weak passwords.
  const inCompose = Object.keys(compose['setup-broker']?.environment ?? {});
  expect(Object.keys(told)).toEqual(expect.arrayContaining(inCompose.filter((key) => key !== 'PAYFAN_DEMO')));
  expect(told).not.toHaveProperty('PAYFAN_DEMO');
  expect(told['RABBITMQ_ADMIN_URL']).toBe('https://user:password@rabbitmq:15671');
  expect(told['RABBITMQ_VHOST']).toBe('/');
  expect(told['CHANNELS']).toBe(environment('transaction')['CHANNELS']);
  for (const service of brokerServices(channelNames)) {
    const login = `${brokerUserName(service)}:${told[`${service.toUpperCase()}_AMQP_PASSWORD`]}`;
    const programs = services.filter(({ name, worksFor = name }) => worksFor === service);
    expect(programs.length).toBeGreaterThan(0);
    for (const { name } of programs) {
      const { AMQP_URL: amqp, RABBITMQ_MANAGEMENT_URL: management } = environment(name);
      expect([amqp, management].filter((url) => url !== undefined)).toEqual([
        service === 'operations'
          ? `https://${login}@rabbitmq:15671`
          : `amqps://${login}@rabbitmq.payfan.svc:5671`,
      ]);
    }
  }
});

test('no program logs in to the broker as its administrator', () => {
  for (const { container } of deployments) {
    const secretsUsed = container.env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name);
    expect(secretsUsed).not.toContain('rabbitmq-default-user');
  }
});

test('services are known by the keys that they have', () => {
  const keys = new Map(
    programs.flatMap(({ name, worksFor = name }) => {
      const key = environment(name)['SERVICE_KEY'];
      return key === undefined ? [] : [[worksFor, `${worksFor}=${key}`]];
    }),
  );
  expect(environment('transaction')['SERVICE_KEYS']?.split(',').sort()).toEqual([...keys.values()].sort());
});

test('a premium worker is bigger than a free one, by what compose says', () => {
  const [premium, free] = workers.map((name) => {
    const { limits, requests } = deployment(name).container.resources;
    expect([cpus(limits.cpu), bytes(limits.memory)]).toEqual([
      compose[name]?.cpus,
      bytes(compose[name]?.mem_limit ?? ''),
    ]);
    const { maxReplicaCount: copies = 0 } = scalingOf(name) ?? {};
    const concurrency = Number(environment(name)['CONCURRENCY']);
    return [cpus(requests.cpu), bytes(requests.memory), cpus(limits.cpu), concurrency, copies];
  });
  premium?.forEach((amount, at) => expect(amount).toBeGreaterThan(free?.[at] ?? Infinity));
});

test.each([
  ...channelNames.map((name) => ({
    name,
    queues: LANES.map((lane) => laneQueue(name, lane)),
    of: channelTopology(name),
  })),
  ...TIERS.map((tier) => ({
    name: `payout-worker-${tier}`,
    queues: [payoutQueue(tier)],
    of: payoutsTopology,
  })),
])('$name grows and shrinks with its queues $queues', ({ name, queues, of }) => {
  expect(of.queues.map((queue) => queue.name)).toEqual(expect.arrayContaining(queues));
  const scaling = scalingOf(name);
  expect(scaling?.triggers.map(({ metadata }) => metadata['queueName'])).toEqual(queues);
  for (const { type, metadata, authenticationRef } of scaling?.triggers ?? []) {
    expect([type, authenticationRef]).toEqual(['rabbitmq', { name: 'rabbitmq-tls' }]);
    expect(metadata).toMatchObject({ hostFromEnv: 'AMQP_URL', mode: 'QueueLength' });
    expect(Number(metadata['value'])).toBeGreaterThan(0);
  }
  // Whoever waits is always served by somebody; and KEDA alone counts the copies.
  expect(scaling?.minReplicaCount).toBeGreaterThanOrEqual(1);
  expect(scaling?.maxReplicaCount).toBeGreaterThan(scaling?.minReplicaCount ?? Infinity);
  expect(deployment(name).replicas).toBeUndefined();
});

test('what scales by queues is the channels and the workers', () => {
  expect(scalings.map(({ name }) => name).sort()).toEqual([...channelNames, ...workers].sort());
});

test('nobody takes more than one copy at a time from where there are several', () => {
  const budgets = specsOf<{ maxUnavailable: number; selector: { matchLabels: { app?: string } } }>(
    'PodDisruptionBudget',
  );
  for (const { name, replicas } of deployments) {
    const copies = replicas ?? scalingOf(name)?.maxReplicaCount ?? 1;
    expect(copies).toBeGreaterThan(1);
    expect(budgets.find(({ selector }) => selector.matchLabels.app === name)?.maxUnavailable).toBe(1);
  }
  expect(budgets.map(({ name }) => name).sort()).toEqual(
    ['rabbitmq', ...deployments.map(({ name }) => name)].sort(),
  );
});

test('the database takes everybody’s connections, also while a version replaces another', () => {
  const [postgres] = specsOf<{ postgresql: { parameters: { max_connections: string } } }>('Cluster');
  // A pool's default (shared/database/src/database.ts), one for presence, one while retention sweeps, and those of the
  // rate limits (services/transaction/src/rate-limiter.ts).
  const ofEach = (name: string) =>
    (name === 'transaction' ? 4 : 2) +
    Number(
      environment(name)['DATABASE_CONNECTIONS'] ?? (channelNames.includes(name) ? CHANNEL_CONNECTIONS : 10),
    );
  const connections = deployments
    .filter(({ container }) => environmentOf(container)['DATABASE_URL'] !== undefined)
    .map(({ name, replicas }) => {
      const copies = replicas ?? scalingOf(name)?.maxReplicaCount ?? Infinity;
      // A quarter more while a version replaces another (maxSurge), rounded up.
      return ofEach(name) * (copies + Math.ceil(copies / 4));
    })
    .reduce((sum, some) => sum + some, 0);
  expect(connections).toBeLessThanOrEqual(Number(postgres?.postgresql.parameters.max_connections));
});

test('broker and database have a copy on three machines, never two on one', () => {
  const topologyKey = 'kubernetes.io/hostname';
  const labelSelector = { matchLabels: { 'app.kubernetes.io/name': 'rabbitmq' } };
  const antiAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector }],
  };
  expect(specsOf('RabbitmqCluster')).toMatchObject([
    { name: 'rabbitmq', replicas: 3, affinity: { podAntiAffinity: antiAffinity } },
  ]);
  expect(specsOf('Cluster')).toMatchObject([
    { name: 'postgres', instances: 3, affinity: { topologyKey, podAntiAffinityType: 'required' } },
  ]);
});

test('the example names every key that is asked for and no value, and git has no other Secret', () => {
  const asked = [...deployments, ...jobs].flatMap(({ container }) =>
    container.env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
  );
  expect(new Set(asked.filter(({ name }) => name === 'payfan').map(({ key }) => key))).toEqual(
    new Set(Object.keys(secrets()['payfan'] ?? {})),
  );
  const example = read('secrets.example.yaml');
  expect(new Set(example.flatMap(({ stringData = {} }) => Object.values(stringData)))).toEqual(
    new Set(['<made by you>']),
  );
  expect(everything.filter(({ kind }) => kind === 'Secret')).toEqual([]);
  const secretByName = /PASSWORD|SECRET|TOKEN|KEY$|SMTP_URL/;
  const written = [...deployments, ...jobs].flatMap(({ container }) =>
    container.env.filter(({ name, value }) => value !== undefined && secretByName.test(name)),
  );
  expect(written).toEqual([]);
});

test('the command of README.md makes every key of the example but the mail server', () => {
  const [, pattern = '^$'] =
    /secrets \| grep -E '([^']+)'/.exec(readFileSync(path.join(DEPLOY, 'README.md'), 'utf8')) ?? [];
  const made = [
    ...readFileSync(path.resolve(DEPLOY, '../.env.example'), 'utf8').matchAll(/^([A-Z_]+)=(.*=)?$/gm),
  ]
    .filter(([line]) => new RegExp(pattern).test(line))
    .map(([, name]) => name);
  expect([...made, 'SMTP_URL'].sort()).toEqual(Object.keys(secrets()['payfan'] ?? {}).sort());
});

test('every manifest is one that a kustomization names', () => {
  const files = readdirSync(DEPLOY, { recursive: true, encoding: 'utf8' });
  const named = KUSTOMIZATIONS.flatMap((folder) => {
    const text = readFileSync(path.join(DEPLOY, folder, 'kustomization.yaml'), 'utf8');
    return [...text.matchAll(/[\w/-]+\.(yaml|env)/g)].map(([file]) => path.join(folder, file));
  });
  const unnamed = files.filter((file) => /\.(yaml|env)$/.test(file) && !named.includes(file));
  expect(unnamed.filter((file) => !file.endsWith('kustomization.yaml'))).toEqual(['secrets.example.yaml']);
});
