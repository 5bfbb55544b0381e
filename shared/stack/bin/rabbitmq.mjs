// RabbitMQ on this machine: is there one, and if not, can Debian's package be had?
// Plain JavaScript, because it runs beside `npm ci`, before anything is built.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputTail, run } from './child.mjs';
import { dockerAnswers } from './docker.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

export class NoRabbitmq extends Error {
  constructor(reason = '') {
    super(
      reason + readFileSync(fileURLToPath(new URL('no-rabbitmq.txt', import.meta.url)), 'utf8').trimEnd(),
    );
    this.name = 'NoRabbitmq';
  }
}

/** Where Debian, RPM and Homebrew keep the server script; then the PATH. */
function hasServer() {
  const folders = [
    '/usr/lib/rabbitmq/bin',
    '/opt/homebrew/sbin',
    '/usr/local/sbin',
    ...(process.env.PATH ?? '').split(path.delimiter),
  ];
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, 'rabbitmq-server')));
}

/**
 * How this machine comes to a broker: `there` (one is named or installed), `docker`, `install` (Debian's
 * package, which we may install), or `none`. Tests heed PAYFAN_INFRA, prefer Docker, and use no broker of
 * yours.
 */
export async function lookForRabbitmq(command, env = process.env) {
  const insisted = command === 'test' ? env.PAYFAN_INFRA : undefined;
  if (insisted === 'docker') return 'docker';
  if (command === 'test') {
    return insisted !== 'native' && (await dockerAnswers()) ? 'docker' : lookForNativeRabbitmq();
  }
  if (env.AMQP_URL || hasServer()) return 'there';
  return (await dockerAnswers()) ? 'docker' : lookForNativeRabbitmq();
}

/** The same without Docker. */
export function lookForNativeRabbitmq() {
  if (hasServer()) return 'there';
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') ? 'install' : 'none';
}

/**
 * Installs Debian's rabbitmq-server. Debian starts a broker with the package; we want ours only, so
 * for the time of the installation a policy forbids it (unless the machine has its own policy).
 */
export async function installRabbitmq(note = () => {}) {
  const ownPolicy = !existsSync(POLICY);
  const removePolicy = () => ownPolicy && rmSync(POLICY, { force: true });
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  process.on('exit', removePolicy);
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    // Cut off half-way, dpkg would want repairing before it installs anything again.
    gently: true,
    onLine: (line) => /^(Get:|Unpacking|Setting up)/.test(line) && note(line.slice(0, 60)),
  };
  const packages = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  const install = () => run('apt-get', [...packages, 'rabbitmq-server'], options);
  try {
    // A source that cannot be reached, or another apt-get at work, must not end the attempt: the
    // package may be known all the same.
    await run('apt-get', ['update', '-qq'], options);
    let result = await install();
    if (!result.ok) {
      await run('apt-get', ['update', '-qq'], options);
      result = await install();
    }
    return result;
  } finally {
    removePolicy();
    process.off('exit', removePolicy);
  }
}

/** As above, and throws with the end of apt's output and the other ways to a broker. */
export async function mustInstallRabbitmq(repository, note) {
  const { ok, output } = await installRabbitmq(note);
  if (ok) return;
  const tail = outputTail(output, path.join(repository, '.payfan/logs/apt-get.log'));
  throw new NoRabbitmq(`apt-get could not install rabbitmq-server. Its output ends:\n${tail}\n\n`);
}
