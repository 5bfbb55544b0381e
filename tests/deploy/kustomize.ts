import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';

export const DEPLOY = path.resolve(__dirname, '../../deploy');

/** The folders that `kubectl kustomize` renders. */
export const KUSTOMIZATIONS = [
  ...['infrastructure', 'network', 'migrate', 'base', 'gateway-api'],
  ...['demo/infrastructure', 'demo/migrate', 'demo/base'],
];

type Tree = Record<string, unknown>;

export interface Manifest {
  $patch?: 'delete';
  apiVersion?: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  spec?: unknown;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

interface Target {
  kind: string;
  name?: string;
  labelSelector?: string;
}

interface Kustomization {
  resources: string[];
  patches?: { path: string; target: Target }[];
  configMapGenerator?: { name: string; behavior?: 'merge'; envs: string[] }[];
  images?: { name: string; newName: string }[];
}

/** The manifests of one file under `deploy/`. */
export function read(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(path.join(DEPLOY, file), 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.join(', ')}`);
    return document.toJS() as Manifest;
  });
}

/**
 * What `kubectl kustomize deploy/<folder>` gives, as far as these manifests use it: resources, strategic merge
 * patches by kind, name and label, and ConfigMaps of `name=value` files. Names of ConfigMaps stay without their hash,
 * and those of images as they are written.
 */
export function render(folder: string): Manifest[] {
  const [root] = read(`${folder}/kustomization.yaml`) as unknown as Kustomization[];
  if (root === undefined) throw new Error(`${folder} has no kustomization`);
  const manifests = root.resources.flatMap((resource) =>
    resource.endsWith('.yaml')
      ? read(`${folder}/${resource}`)
      : render(path.posix.normalize(`${folder}/${resource}`)),
  );
  const patched = (root.patches ?? []).reduce((before, { path: file, target }) => {
    const [patch] = read(`${folder}/${file}`);
    return before.flatMap((manifest) =>
      isMeant(manifest, target) ? withPatch(manifest, patch) : [manifest],
    );
  }, manifests);
  const generated = (root.configMapGenerator ?? []).map(({ name, envs }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: {
      ...patched.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data,
      ...Object.fromEntries(envs.flatMap((file) => pairs(`${folder}/${file}`))),
    },
  }));
  const isGenerated = ({ kind, metadata }: Manifest) =>
    kind === 'ConfigMap' && generated.some((one) => one.metadata.name === metadata.name);
  return [...patched.filter((manifest) => !isGenerated(manifest)), ...generated];
}

/** Images that a kustomization gives an address to. */
export function imagesOf(folder: string): string[] {
  const [root] = read(`${folder}/kustomization.yaml`) as unknown as Kustomization[];
  return (root?.images ?? []).map(({ name }) => name);
}

function isMeant({ kind, metadata }: Manifest, target: Target): boolean {
  if (kind !== target.kind || metadata.name !== (target.name ?? metadata.name)) return false;
  if (target.labelSelector === undefined) return true;
  const [label = '', value] = target.labelSelector.split('=');
  return metadata.labels?.[label] === value;
}

function withPatch(manifest: Manifest, patch: Manifest | undefined): Manifest[] {
  if (patch?.$patch === 'delete') return [];
  return [{ ...(merge(manifest, patch) as Manifest), metadata: manifest.metadata }];
}

/**
 * Objects key by key, where `null` removes a key, and lists of named things by name (the patch's first); of the
 * rest the patch has its way.
 */
function merge(base: unknown, patch: unknown): unknown {
  if (isNamedList(base) && isNamedList(patch)) {
    const isPatched = ({ name }: { name: string }) => patch.some((item) => item.name === name);
    const changed = patch.map((item) => merge(base.find(({ name }) => name === item.name) ?? {}, item));
    return [...changed, ...base.filter((item) => !isPatched(item))];
  }
  if (!isTree(base) || !isTree(patch)) return patch;
  const keys = new Set([...Object.keys(base), ...Object.keys(patch)]);
  return Object.fromEntries(
    [...keys].flatMap((key) => {
      if (!(key in patch)) return [[key, base[key]]];
      if (patch[key] === null) return [];
      return [[key, key in base ? merge(base[key], patch[key]) : patch[key]]];
    }),
  );
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNamedList = (value: unknown): value is { name: string }[] =>
  Array.isArray(value) && value.every((item) => isTree(item) && typeof item['name'] === 'string');

function pairs(file: string): [string, string][] {
  return readFileSync(path.join(DEPLOY, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}
