import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repository } from './paths.ts';

/** A work tree with bin/web.mjs and pages to build; npm is a stand-in that notes its calls. */
let tree = '';
const inTree = (name: string) => path.join(tree, name);
const calls = () =>
  existsSync(inTree('calls')) ? readFileSync(inTree('calls'), 'utf8').trim().split('\n') : [];
const SERVER = 'services/web/.next/standalone/services/web/server.js';
const LOCK = JSON.stringify({ packages: { 'node_modules/next': { version: '16.0.0' } } });

const NPM = (build: string) => `#!/bin/sh
echo npm $1 >> ${tree}/calls
case $1 in
  ci) mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json ;;
  run) ${build} ;;
esac
`;
function npmThatBuildsBy(script: string): void {
  writeFileSync(inTree('bin/npm'), NPM(script));
  chmodSync(inTree('bin/npm'), 0o755);
}

beforeEach(() => {
  tree = mkdtempSync(path.join(os.tmpdir(), 'payfan-web-'));
  for (const folder of ['bin', 'services/web/src', 'shared/contracts/dist', 'shared/live-client/dist'])
    mkdirSync(inTree(folder), { recursive: true });
  cpSync(path.join(repository, 'shared/stack/bin'), inTree('shared/stack/bin'), { recursive: true });
  writeFileSync(inTree('services/web/package-lock.json'), LOCK);
  writeFileSync(inTree('services/web/src/page.tsx'), '');
  npmThatBuildsBy(`mkdir -p ${path.dirname(inTree(SERVER))} && touch ${inTree(SERVER)}`);
});
afterEach(() => rmSync(tree, { recursive: true }));

/** Builds as `npm start` does: what was built before, what is built after, and what was told. */
async function build(): Promise<{ before?: boolean; after?: boolean; told?: string[]; error?: string }> {
  const script = `
    const { webBuild } = await import('${inTree('shared/stack/bin/web.mjs')}');
    const told = [];
    const step = (title, work) => (told.push(title), work(() => {}));
    const web = webBuild('${tree}', { line: (text) => told.push(text), step });
    const before = web.isBuilt();
    const error = await web.build(new AbortController().signal).then(() => undefined, ({ message }) => message);
    console.log(JSON.stringify({ before, after: web.isBuilt(), told, error }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { PATH: `${inTree('bin')}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return JSON.parse(text) as Awaited<ReturnType<typeof build>>;
}

test('installs and builds the first time, and says so; then neither, until something changes', async () => {
  const first = await build();
  expect(first).toMatchObject({ before: false, after: true });
  expect(first.told).toEqual([expect.stringContaining('npm ci'), expect.stringContaining('next build')]);
  expect(calls()).toEqual(['npm ci', 'npm run']);
  expect(await build()).toEqual({ before: true, after: true, told: [] });

  writeFileSync(inTree('services/web/src/page.tsx'), 'changed');
  expect(await build()).toMatchObject({ before: false, after: true });
  writeFileSync(inTree('shared/live-client/dist/index.js'), 'changed');
  expect(await build()).toMatchObject({ before: false, after: true });
  expect(calls()).toEqual(['npm ci', 'npm run', 'npm run', 'npm run']);
});

test('what only tests or tools make does not count', async () => {
  await build();
  for (const file of [
    'services/web/src/page.test.ts',
    'services/web/next-env.d.ts',
    'services/web/.next/trace',
  ])
    writeFileSync(inTree(file), 'new');
  expect(await build()).toMatchObject({ before: true });
});

test('a build that fails tells the end of what it said, and is tried again', async () => {
  npmThatBuildsBy('echo "Module not found"; exit 1');
  const { error, after } = await build();
  expect(error).toContain('Module not found');
  expect(after).toBe(false);
  npmThatBuildsBy(`mkdir -p ${path.dirname(inTree(SERVER))} && touch ${inTree(SERVER)}`);
  expect(await build()).toMatchObject({ before: false, after: true });
});
