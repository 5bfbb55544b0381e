import { KUSTOMIZATIONS, read, render, type Manifest } from './kustomize.ts';
import { hasSchema, problemsOf } from './schema.ts';

test.each(KUSTOMIZATIONS)('%s holds what the schemas of Kubernetes allow', async (folder) => {
  const manifests = render(folder).filter(hasSchema);
  const problems = await Promise.all(manifests.map(problemsOf));
  expect(problems.flat()).toEqual([]);
});

test('a misspelt field, a wrong type, a field that lacks and an unknown kind are found', async () => {
  const [policy] = read('network/default.yaml');
  const changed = (spec: unknown, more: object = {}) =>
    problemsOf({ ...policy, ...more, spec } as unknown as Manifest);
  expect(await changed({ podSelector: {}, policyTypez: ['Egress'] })).toEqual([
    'NetworkPolicy default-deny has an unknown field /spec/policyTypez',
  ]);
  expect(await changed({ podSelector: 'all' })).toEqual([expect.stringContaining('must be object')]);
  expect(await changed({})).toEqual([expect.stringContaining('podSelector')]);
  expect(await changed({}, { kind: 'NetworkPolice' })).toEqual(['networking.k8s.io/v1 has no NetworkPolice']);
});
