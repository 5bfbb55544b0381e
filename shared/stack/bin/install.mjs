// npm packages: are they what package-lock.json says, and if not, `npm ci`.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { outputTail, run } from './child.mjs';

export class InstallFailed extends Error {
  constructor(tail) {
    super(
      `npm could not install the packages. Its output ends:\n${tail}\n` +
        'Once the cause is gone (often the network, a proxy or a full disk), run the same command again.',
    );
    this.name = 'InstallFailed';
  }
}

/**
 * True when node_modules holds what package-lock.json names. npm notes what it installed in
 * node_modules/.package-lock.json; comparing the two, and not their age, spares an installation after
 * every `git checkout`, which makes all files new. Optional packages may be missing: most are for other
 * platforms.
 */
export function isInstalled(repository) {
  if (readOr(stampFile(repository)) === stamp(repository)) return true;
  const wanted = readPackages(path.join(repository, 'package-lock.json'));
  const installed = readPackages(path.join(repository, 'node_modules/.package-lock.json'));
  if (wanted === undefined) return true;
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([place, { version, integrity, optional, link }]) => {
    if (!place.includes('node_modules/')) return true;
    const found = installed[place];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity && found.link === link;
  });
}

function readPackages(file) {
  const text = readOr(file);
  return text === undefined ? undefined : JSON.parse(text).packages;
}

function readOr(file, otherwise) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

/** Where we note what we installed: npm leaves out what a lock file names and nobody needs. */
const stampFile = (repository) => path.join(repository, 'node_modules/.payfan-installed');

function stamp(repository) {
  const lock = readOr(path.join(repository, 'package-lock.json'), '');
  return createHash('sha256').update(lock).digest('hex');
}

/** Installs what the package-lock.json of a folder names; `note` is told how far it is. */
export async function installPackages(
  repository,
  note,
  logFile = path.join(repository, '.payfan/logs/npm-ci.log'),
) {
  let fetched = 0;
  // Development packages are needed to build; optional ones bring PostgreSQL.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=http'];
  const [command, first] = npm();
  const { ok, output } = await run(command, [...first, ...args], {
    cwd: repository,
    env: { ...process.env, NO_COLOR: '1' },
    onLine(line) {
      if (line.startsWith('npm http fetch') && line.includes('.tgz')) note(`${++fetched} fetched`);
    },
  });
  if (ok) {
    writeFileSync(stampFile(repository), stamp(repository));
    return;
  }
  const telling = output.replaceAll(/^npm http .*\n/gm, '');
  throw new InstallFailed(outputTail(telling, logFile));
}

/** The npm that runs us, or else the one on the PATH. */
export function npm() {
  const running = process.env.npm_execpath ?? '';
  return path.basename(running) === 'npm-cli.js' ? [process.execPath, [running]] : ['npm', []];
}
