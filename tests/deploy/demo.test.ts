import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEPLOY, KUSTOMIZATIONS, read, render } from './kustomize.ts';
import { linesIn, linesOut, type NetworkPolicy, type Pod } from './policies.ts';
import { bytes, cpus, deployments, workload, type Workload } from './workloads.ts';

const manifests = ['infrastructure', 'migrate', 'base'].flatMap((folder) => render(`demo/${folder}`));
const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
const specsOf = (kind: string) => ofKind(kind).map(({ spec }) => spec as Record<string, unknown>);
const programs = ofKind('Deployment').map(workload);
const jobs = ofKind('Job').map(workload);
const named = (name: string): Workload => {
  const found = programs.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the demo has no Deployment ${name}`);
  return found;
};
const valueOf = (name: string, variable: string) =>
  named(name).container.env.find((one) => one.name === variable)?.value;

test('runs every program once, and the sandbox, on one node', () => {
  expect(programs.map(({ name }) => name).sort()).toEqual(
    [...deployments.map(({ name }) => name), 'sandbox'].sort(),
  );
  expect(programs.filter(({ replicas = 1 }) => replicas !== 1)).toEqual([]);
  expect(specsOf('RabbitmqCluster')).toMatchObject([{ replicas: 1 }]);
  expect(specsOf('Cluster')).toMatchObject([{ instances: 1 }]);
  expect(JSON.stringify([...specsOf('RabbitmqCluster'), ...specsOf('Cluster')])).not.toMatch(
    /requiredDuring|"required"|synchronous/,
  );
});

test('needs no KEDA', () => {
  expect(manifests.filter(({ apiVersion = '' }) => apiVersion.startsWith('keda.sh'))).toEqual([]);
});

test('asks for less than two processors and three gigabytes', () => {
  const infrastructure = [...specsOf('RabbitmqCluster'), ...specsOf('Cluster')] as {
    resources: { requests: { cpu: string; memory: string } };
  }[];
  const requests = [
    ...programs.map(({ container }) => container.resources.requests),
    ...infrastructure.map(({ resources }) => resources.requests),
  ];
  const sum = (numbers: number[]) => numbers.reduce((total, some) => total + some, 0);
  expect(sum(requests.map(({ cpu }) => cpus(cpu)))).toBeLessThan(2);
  expect(sum(requests.map(({ memory }) => bytes(memory)))).toBeLessThan(3 * 1024 ** 3);
});

test('its programs may do no more than elsewhere', () => {
  for (const { container, pod } of [...programs, ...jobs]) {
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
    expect(container.securityContext).toEqual(named('transaction').container.securityContext);
  }
});

test('has the accounts of a demo and knows their keys, and sends to the sandbox', () => {
  expect(jobs.map(({ name }) => name).sort()).toEqual(['demo-accounts', 'migrate', 'setup-broker']);
  expect(valueOf('transaction', 'PAYFAN_DEMO')).toBe('true');
  expect(valueOf('push', 'PAYFAN_DEMO')).toBe('true');
  expect(valueOf('web', 'PAYFAN_DEMO')).toBe('true');
  expect(ofKind('ConfigMap')).toMatchObject([{ data: { SMS_URL: 'http://sandbox:8026' } }]);
});

test('policies let programs reach the sandbox, from both ends, and nothing reaches anything more', () => {
  const pods: Pod[] = programs;
  const policies = ofKind('NetworkPolicy').map(
    ({ metadata, spec }) => ({ ...(spec as object), name: metadata.name }) as NetworkPolicy,
  );
  const wanted = ['email', 'phone', 'web'].flatMap((from) =>
    ['1025', '8025', '8026'].map((port) => `${from} -> sandbox:${port}`),
  );
  const toSandbox = (lines: Set<string>) => [...lines].filter((line) => line.includes('sandbox')).sort();
  expect(toSandbox(linesOut(policies, pods))).toEqual(wanted);
  expect(toSandbox(linesIn(policies, pods))).toEqual(wanted);
});

test('the commands of README.md build the images that the manifests name, and apply what is there', () => {
  const readme = readFileSync(path.join(DEPLOY, 'README.md'), 'utf8');
  const applied = [...readme.matchAll(/apply -k deploy\/([a-z/-]+)/g)].map(([, folder = '']) => folder);
  expect(applied.filter((folder) => !KUSTOMIZATIONS.includes(folder))).toEqual([]);
  expect(applied).toEqual(expect.arrayContaining(KUSTOMIZATIONS.filter((folder) => folder !== 'network')));
  const [{ images = [] } = {}] = read('base/kustomization.yaml') as unknown as {
    images?: { newName: string; newTag: string }[];
  }[];
  const loaded = /kind load docker-image --name payfan (.*)/.exec(readme)?.[1]?.split(' ');
  expect(loaded).toEqual(images.map(({ newName, newTag }) => `${newName}:${newTag}`));
  const own = [...programs, ...jobs]
    .map(({ container }) => container.image)
    .filter((image) => image.includes('/'));
  expect(own.filter((image) => loaded?.includes(image) !== true)).toEqual([]);
});
