// The browser of `npm run test:browser`: Debian's Chromium, or one of yours.
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { outputTail, run } from './child.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export class NoChromium extends Error {
  constructor(reason) {
    super(
      `${reason} The browser tests need Chromium: install Debian's package (as root: apt-get install chromium) or Google Chrome, ` +
        'or name a browser of yours with PAYFAN_CHROMIUM=/path/to/chrome.',
    );
    this.name = 'NoChromium';
  }
}

/** Finds one, or installs Debian's where we may. @throws NoChromium */
export async function provideChromium(repository, progress, env = process.env) {
  if (env.PAYFAN_CHROMIUM) {
    if (isProgram(env.PAYFAN_CHROMIUM)) return env.PAYFAN_CHROMIUM;
    throw new NoChromium(`PAYFAN_CHROMIUM is ${JSON.stringify(env.PAYFAN_CHROMIUM)}, which is no program.`);
  }
  const found = findChromium(env);
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new NoChromium(
      'There is no Chromium on this machine, and only root on Debian may have it installed.',
    );
  }
  await progress.step('Chromium (apt-get install chromium, some 80 MB, the first time)', async (note) => {
    const { ok, output } = await installChromium(note);
    if (ok) return;
    const log = path.join(repository, '.payfan/logs/chromium.log');
    throw new NoChromium(`apt-get could not install it. Its output ends:\n${outputTail(output, log)}`);
  });
  const installed = findChromium(env);
  if (installed === undefined) throw new NoChromium('apt-get installed it, but no browser is on the PATH.');
  return installed;
}

/**
 * Debian's package with a font that has the rupee's sign, and nothing of what it recommends: printers and power
 * management are a desktop's.
 */
async function installChromium(note) {
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    // Cut off half-way, dpkg would want repairing before it installs anything again.
    gently: true,
    onLine: (line) => /^(Get:|Unpacking|Setting up)/.test(line) && note(line.slice(0, 60)),
  };
  // A source that cannot be reached must not end the attempt: the package may be known all the same.
  const update = await run('apt-get', ['update', '-qq'], options);
  const packages = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  const install = await run('apt-get', [...packages, 'chromium', 'fonts-dejavu-core'], options);
  return { ok: install.ok, output: `${update.output}${install.output}` };
}

function findChromium({ PATH = '' }) {
  const folders = PATH.split(path.delimiter).filter((folder) => folder !== '');
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(isProgram);
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
