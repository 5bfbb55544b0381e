import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { DEPLOY, KUSTOMIZATIONS, render, type Manifest } from './kustomize.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

/** Without what only kubectl adds: the namespace, and the hash in the name of a ConfigMap. */
function comparable(manifests: Manifest[]): Map<string, unknown> {
  const entries = manifests.map((manifest): [string, unknown] => {
    const text = JSON.stringify(manifest)
      .replaceAll(/"settings-[a-z0-9]{10}"/g, '"settings"')
      .replaceAll(/"image":"registry\.example\.com\/([a-z-]+):1"/g, '"image":"$1"');
    const plain = JSON.parse(text) as Manifest & { metadata: { namespace?: string } };
    delete plain.metadata.namespace;
    return [`${plain.kind} ${plain.metadata.name}`, plain];
  });
  return new Map(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

test.each(KUSTOMIZATIONS)('%s renders, each manifest once', (folder) => {
  const manifests = render(folder);
  expect(manifests).not.toEqual([]);
  expect(comparable(manifests).size).toBe(manifests.length);
});

// The other tests render by themselves, since not every machine has kubectl; where it is, it has to agree.
if (hasKubectl) {
  test.each(KUSTOMIZATIONS)('kubectl renders %s as these tests do', (folder) => {
    const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', path.join(DEPLOY, folder)], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const rendered = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
    expect(comparable(rendered)).toEqual(comparable(render(folder)));
  });
}
