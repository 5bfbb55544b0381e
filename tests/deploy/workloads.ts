import { imagesOf, read, render, type Manifest } from './kustomize.ts';

interface Variable {
  name: string;
  value?: string;
  valueFrom?: {
    secretKeyRef?: { name: string; key: string };
    configMapKeyRef?: { name: string; key: string };
  };
}

interface Probe {
  httpGet: { path: string; port: string; scheme?: string };
}

export interface Container {
  image: string;
  args: string[];
  env: Variable[];
  ports?: { name: string; containerPort: number }[];
  resources: Record<'requests' | 'limits', { cpu: string; memory: string }>;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: { preStop: { sleep: { seconds: number } } };
  securityContext: unknown;
  volumeMounts?: { name: string; mountPath: string }[];
}

interface Volume {
  name: string;
  secret?: { secretName: string };
}

interface Pod {
  volumes?: Volume[];
  containers: [Container];
  terminationGracePeriodSeconds?: number;
  securityContext: unknown;
}

export interface Workload {
  name: string;
  /** As written; a ScaledObject counts them where this is not. */
  replicas: number | undefined;
  labels: Record<string, string>;
  pod: Pod;
  container: Container;
}

export interface Scaling {
  name: string;
  minReplicaCount: number;
  maxReplicaCount: number;
  scaleTargetRef: { name: string };
  triggers: { type: string; metadata: Record<string, string>; authenticationRef?: { name: string } }[];
}

/** What the operators make, by the names and keys that they are known to give. */
const OPERATORS_SECRETS: Record<string, Record<string, string>> = {
  'postgres-app': { password: 'owner' },
  'rabbitmq-default-user': { username: 'user', password: 'password' },
};

const base = render('base');
const migrate = render('migrate');

/** A Deployment or a Job as the tests look at it. */
export function workload({ metadata, spec }: Manifest): Workload {
  const { replicas, template } = spec as {
    replicas?: number;
    template: { metadata: { labels: Record<string, string> }; spec: Pod };
  };
  const pod = template.spec;
  return {
    name: metadata.name,
    replicas,
    labels: template.metadata.labels,
    pod,
    container: pod.containers[0],
  };
}

export const deployments = base.filter(({ kind }) => kind === 'Deployment').map(workload);
export const jobs = migrate.filter(({ kind }) => kind === 'Job').map(workload);
export const images = { base: imagesOf('base'), migrate: imagesOf('migrate') };
export const everything = [...base, ...migrate, ...render('infrastructure')];

/** Specs of a kind, with their names. */
export function specsOf<T>(kind: string): (T & { name: string })[] {
  return everything
    .filter((manifest) => manifest.kind === kind)
    .map(({ metadata, spec }) => ({ ...(spec as T), name: metadata.name }));
}

export const scalings = specsOf<Omit<Scaling, 'name'>>('ScaledObject');

const SPECIAL_FORMS: Record<string, string> = {
  SMTP_URL: 'smtp://mail',
  KEY_ENCRYPTION_KEY: 'ab'.repeat(32),
  OPERATOR_KEYS: `operator=${'k'.repeat(32)}`,
};

/** Secrets by name: the example's, with something in the place of each value, and the operators'. */
export function secrets(): Record<string, Record<string, string>> {
  const own = read('secrets.example.yaml').map(({ metadata, stringData = {} }) => [
    metadata.name,
    Object.fromEntries(
      Object.keys(stringData).map((key) => [key, SPECIAL_FORMS[key] ?? `of${key}`.padEnd(32, 'x')]),
    ),
  ]);
  return { ...OPERATORS_SECRETS, ...(Object.fromEntries(own) as Record<string, Record<string, string>>) };
}

const settings = (name: string) =>
  base.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data;

/**
 * What a container finds in its environment: Secrets and settings looked up, and `$(NAME)` filled in from what stands
 * above it, as the kubelet does.
 *
 * @throws if a Secret or a setting has no such key
 */
export function environmentOf({ env }: Container): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const { secretKeyRef: secret, configMapKeyRef: setting } = valueFrom ?? {};
    const text =
      value?.replaceAll(/\$\((\w+)\)/g, (whole, other: string) => found[other] ?? whole) ??
      (secret === undefined ? undefined : secrets()[secret.name]?.[secret.key]) ??
      (setting === undefined ? undefined : settings(setting.name)?.[setting.key]);
    if (text === undefined) throw new Error(`${name}: nothing has it`);
    found[name] = text;
  }
  return found;
}

/** Variables that are there to be put into others. */
export const partsOfOthers = ({ env }: Container): Set<string> =>
  new Set(env.flatMap(({ value = '' }) => [...value.matchAll(/\$\((\w+)\)/g)].map(([, name = '']) => name)));

/** `250m` and `2` as 0.25 and 2. */
export const cpus = (text: string): number =>
  text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);

/** `512Mi`, `1g` and the like in bytes. */
export function bytes(text: string): number {
  const [, count, unit = ''] = /^(\d+)([KMG]i?|[kmg])$/.exec(text) ?? [];
  const power = 'kmg'.indexOf(unit[0]?.toLowerCase() ?? '') + 1;
  if (count === undefined || power === 0) throw new Error(`no amount of memory: ${text}`);
  return Number(count) * 1024 ** power;
}
