import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}
interface Bom {
  bomFormat: string;
  components: { name: string; version: string; 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}
const read = (file: string): unknown => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));

function run(command: string, args: string[], folder = ''): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: path.join(ROOT, folder),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout.trim();
}

test.each(['', 'services/web'])('npm runs no install script of a package in ./%s', (folder) => {
  expect(run('npm', ['config', 'get', 'ignore-scripts'], folder)).toBe('true');
});

describe('the bill of materials', () => {
  let output = '';
  beforeAll(() => {
    output = run(process.execPath, ['shared/stack/bin/sbom.mjs']);
  });

  const packages = ['shared', 'services'].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder)).map((name) => `${folder}/${name}`),
  );

  test.each([
    { file: '.payfan/sbom.json', folders: packages.filter((folder) => folder !== 'services/web') },
    { file: '.payfan/sbom-web.json', folders: ['services/web'] },
  ])('$file has every package of others that is needed in production', ({ file, folders }) => {
    const { bomFormat, components, dependencies } = read(file) as Bom;
    expect(bomFormat).toBe('CycloneDX');
    const listed = new Set(components.map(({ name, version }) => `${name} ${version}`));
    const needed = folders.flatMap((folder) =>
      Object.entries((read(`${folder}/package.json`) as Manifest).dependencies ?? {})
        .filter(([name]) => !name.startsWith('@payfan/'))
        .map(([name, version]) => `${name} ${version}`),
    );
    expect(needed.length).toBeGreaterThan(0);
    expect(needed.filter((one) => !listed.has(one))).toEqual([]);

    // What packages need is listed as well.
    const refs = new Set(components.map((component) => component['bom-ref']));
    const missing = dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref));
    expect(missing).toEqual([]);
    expect(output).toContain(`sbom: ${components.length} components in ${file}`);
  });

  test('leaves out what is needed for development alone', () => {
    const names = (read('.payfan/sbom.json') as Bom).components.map(({ name }) => name);
    const development = ['eslint', 'prettier', 'typescript', 'jest', 'knip', 'bullmq', 'playwright-core'];
    expect(names.filter((name) => development.includes(name))).toEqual([]);
  });
});
