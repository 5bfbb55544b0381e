import type { Manifest } from './kustomize.ts';

interface Model {
  prototype: { validate: () => void };
}

/** npm packages with the schemas of an API group; groups of Kubernetes itself are in `kubernetes-models`. */
const PACKAGES: Record<string, string> = {
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'keda.sh': '@kubernetes-models/keda',
};
/** npm has no schemas of these for every version of Node that runs the tests. */
const WITHOUT_SCHEMA = new Set([
  'postgresql.cnpg.io',
  'rabbitmq.com',
  'gateway.networking.k8s.io',
  'gateway.envoyproxy.io',
]);

/** Whether there is a schema for manifests of this `apiVersion`. */
export const hasSchema = ({ apiVersion = '' }: Manifest): boolean =>
  !WITHOUT_SCHEMA.has(apiVersion.split('/')[0] ?? '');

/** What is wrong with a manifest: values of a wrong type, fields that lack, and fields that Kubernetes does not know. */
export async function problemsOf(manifest: Manifest): Promise<string[]> {
  const { apiVersion = '', kind } = manifest;
  const [group = ''] = apiVersion.split('/');
  const file = `${PACKAGES[group] ?? 'kubernetes-models'}/${apiVersion}`;
  const model = ((await import(file)) as Record<string, Model>)[kind];
  if (model === undefined) return [`${apiVersion} has no ${kind}`];
  const unread = new Set<string>();
  const watched = watch(manifest, '', unread);
  try {
    model.prototype.validate.call(watched);
  } catch (error) {
    return [String(error)];
  }
  return [...unread].map((field) => `${kind} ${manifest.metadata.name} has an unknown field ${field}`);
}

/** A copy that strikes out of `unread` each field that is read: a validator reads every field that its schema names. */
function watch(value: unknown, path: string, unread: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item, index) => watch(item, `${path}/${index}`, unread));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, watch(item, `${path}/${key}`, unread)]),
  );
  for (const key of Object.keys(copy)) unread.add(`${path}/${key}`);
  return new Proxy(copy, {
    get(target, key, receiver) {
      unread.delete(`${path}/${String(key)}`);
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
}
