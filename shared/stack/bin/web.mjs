// The pages of services/web: they have libraries of their own, and are built when `npm start` first shows them.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endChildren, outputTail, run } from './child.mjs';
import { installPackages, isInstalled, npm } from './install.mjs';
import { takePrepareLock } from './prepare-lock.mjs';

const FOLDER = 'services/web';
/** What goes in, from the root of the repository. */
const INGREDIENTS = [FOLDER, 'shared/contracts/dist', 'shared/live-client/dist'];
const SERVER = `${FOLDER}/.next/standalone/${FOLDER}/server.js`;

export class WebBuildFailed extends Error {
  constructor(tail) {
    super(`The pages could not be built. The build's output ends:\n${tail}`);
    this.name = 'WebBuildFailed';
  }
}

const stampFile = (repository) => path.join(repository, '.payfan/web.stamp');
const logFile = (repository, name) => path.join(repository, '.payfan/logs', name);

/** How `npm start` has the pages built (`WebBuild` of src/start-web.ts). */
export function webBuild(repository, progress) {
  return {
    isBuilt: () => isWebBuilt(repository),
    build: (interrupted) => buildWeb(repository, progress, interrupted),
  };
}

/** True when the last build succeeded and no file that goes in has changed since. */
function isWebBuilt(repository) {
  try {
    return (
      existsSync(path.join(repository, SERVER)) &&
      readFileSync(stampFile(repository), 'utf8') === fingerprint(repository)
    );
  } catch {
    return false;
  }
}

/** Installs what is missing and builds; another command that does so is waited for. */
async function buildWeb(repository, progress, interrupted) {
  const onInterrupted = () => endChildren();
  const onExit = () => endChildren('SIGKILL');
  interrupted.addEventListener('abort', onInterrupted);
  process.on('exit', onExit);
  try {
    const giveBackLock = await takePrepareLock(repository, (pid) =>
      progress.line(`Waiting for another command that installs or builds (pid ${pid})`),
    );
    try {
      if (!isWebBuilt(repository)) await installAndBuild(repository, progress);
    } finally {
      giveBackLock();
    }
  } finally {
    interrupted.removeEventListener('abort', onInterrupted);
    process.off('exit', onExit);
  }
}

async function installAndBuild(repository, progress) {
  const folder = path.join(repository, FOLDER);
  if (!isInstalled(folder)) {
    const install = (note) => installPackages(folder, note, logFile(repository, 'npm-ci-web.log'));
    await progress.step('npm packages of the pages (npm ci, the first time)', install);
  }
  rmSync(stampFile(repository), { force: true });
  await progress.step('Build of the pages (next build)', async () => {
    const [command, first] = npm();
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };
    // One that is set for us would make it another build.
    delete env.NODE_ENV;
    const { ok, output } = await run(command, [...first, 'run', 'build'], {
      cwd: folder,
      env,
    });
    if (!ok) throw new WebBuildFailed(outputTail(output, logFile(repository, 'web-build.log')));
  });
  mkdirSync(path.dirname(stampFile(repository)), { recursive: true });
  writeFileSync(stampFile(repository), fingerprint(repository));
}

/** Changes with the size or time of any file that goes in. */
function fingerprint(repository) {
  const hash = createHash('sha256').update(process.version);
  for (const file of INGREDIENTS.flatMap((folder) => listFiles(path.join(repository, folder)))) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Every file that is not made by npm or Next, sorted. */
function listFiles(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    if (['node_modules', '.next', 'next-env.d.ts'].includes(entry.name) || /\.test\.tsx?$/.test(entry.name))
      return [];
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? listFiles(file) : [file];
  });
}
