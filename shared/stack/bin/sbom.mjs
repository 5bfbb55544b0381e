// Lists the packages of others that run in production, as CycloneDX, from the lock files alone:
//   node shared/stack/bin/sbom.mjs    → .payfan/sbom.json (programs), .payfan/sbom-web.json (pages)
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../../..');

function listPackages(folder, file) {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { status, stdout, stderr } = spawnSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`npm sbom failed in ${folder}:\n${stderr}`);
  const bom = withoutDevelopment(JSON.parse(stdout));
  bom.metadata.component.name = read(path.join(folder, 'package.json')).name;
  if (bom.components.length === 0) throw new Error(`npm sbom found no package in ${folder}`);
  writeFileSync(path.join(repository, file), `${JSON.stringify(bom, null, 2)}\n`);
  process.stdout.write(`sbom: ${bom.components.length} components in ${file}\n`);
}

/** `--omit dev` would also leave out what one package needs in production and another in development, such as pg. */
function withoutDevelopment(bom) {
  const isNeeded = ({ properties = [] }) =>
    !properties.some(({ name }) => name === 'cdx:npm:package:development');
  const components = bom.components.filter(isNeeded);
  const refs = new Set([bom.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) }));
  return { ...bom, components, dependencies };
}

/** The pages' manifests without links to packages of ours: npm sbom misses their libraries, which the programs' list has. */
function withoutLinks(folder) {
  const copy = mkdtempSync(path.join(tmpdir(), 'payfan-sbom-'));
  const manifest = read(path.join(folder, 'package.json'));
  const lock = read(path.join(folder, 'package-lock.json'));
  for (const { dependencies } of [manifest, lock.packages[''] ?? {}])
    for (const [name, version] of Object.entries(dependencies))
      if (version.startsWith('file:')) delete dependencies[name];
  for (const [place, { link }] of Object.entries(lock.packages))
    if (link === true || place.startsWith('../')) delete lock.packages[place];
  writeFileSync(path.join(copy, 'package.json'), JSON.stringify(manifest));
  writeFileSync(path.join(copy, 'package-lock.json'), JSON.stringify(lock));
  return copy;
}

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

mkdirSync(path.join(repository, '.payfan'), { recursive: true });
listPackages(repository, '.payfan/sbom.json');
const pages = withoutLinks(path.join(repository, 'services/web'));
try {
  listPackages(pages, '.payfan/sbom-web.json');
} finally {
  rmSync(pages, { recursive: true });
}
