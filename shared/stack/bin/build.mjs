// The build: skipped when nothing has changed since the last one, as asking tsc takes two seconds.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './child.mjs';

export class BuildFailed extends Error {
  constructor(output) {
    super(`TypeScript found errors:\n${output.trimEnd()}`);
    this.name = 'BuildFailed';
  }
}

const stampFile = (repository) => path.join(repository, '.payfan/build.stamp');

/** True when the last build succeeded and no file that goes in or came out has changed since. */
export function isBuilt(repository) {
  try {
    return readFileSync(stampFile(repository), 'utf8') === fingerprint(repository);
  } catch {
    return false;
  }
}

/** Builds what has changed. */
export async function build(repository) {
  rmSync(stampFile(repository), { force: true });
  for (const folder of projects(repository)) forgetIfIncomplete(folder);
  const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');
  const { ok, output } = await run(process.execPath, [tsc, '-b'], { cwd: repository });
  if (!ok) throw new BuildFailed(output);
  mkdirSync(path.join(repository, '.payfan'), { recursive: true });
  writeFileSync(stampFile(repository), fingerprint(repository));
}

/** tsc believes its notes, not its eyes: where built files were deleted, it must forget the notes. */
function forgetIfIncomplete(folder) {
  const complete = listFiles(folder, ['dist'])
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => path.relative(folder, file).replace(/^src\//, ''))
    .every((file) => existsSync(path.join(folder, 'dist', file.replace(/\.ts$/, '.js'))));
  if (complete) return;
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.tsbuildinfo')) rmSync(path.join(folder, name));
  }
}

/** Changes with the size or time of any file that goes in (sources, settings, packages) or came out. */
function fingerprint(repository) {
  const atRoot = ['tsconfig.json', 'tsconfig.base.json', 'node_modules/.package-lock.json'];
  const files = [
    ...atRoot.map((name) => path.join(repository, name)),
    ...projects(repository).flatMap((folder) => listFiles(folder)),
  ];
  const hash = createHash('sha256').update(process.version);
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** The folders that the tsconfig.json at the root refers to; one may hold several settings. */
function projects(repository) {
  const { references } = JSON.parse(readFileSync(path.join(repository, 'tsconfig.json'), 'utf8'));
  const folders = references.map((reference) => {
    const target = path.join(repository, reference.path);
    return target.endsWith('.json') ? path.dirname(target) : target;
  });
  return [...new Set(folders)];
}

/** Every file of a project that TypeScript reads or writes, sorted. */
function listFiles(folder, without = []) {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === 'node_modules' || without.includes(entry.name) ? [] : listFiles(file, without);
    }
    return /\.(ts|js|json)$/.test(entry.name) ? [file] : [];
  });
}
