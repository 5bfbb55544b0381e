// RabbitMQ on this machine: is there one, and if not, can Debian's package be had?
// Plain JavaScript, because it runs beside `npm ci`, before anything is built.

import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const POLICY = '/usr/sbin/policy-rc.d';

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

/** Runs a command to its end without a terminal. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

async function dockerAnswers() {
  const { ok } = await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 5_000 });
  return ok;
}

/**
 * True when Debian's package is the only way to a broker here: none is named, none is installed,
 * Docker doesn't answer (or must not be used), and we may install.
 */
export async function mustInstallRabbitmq(command) {
  if (command !== 'test' && process.env.AMQP_URL) return false;
  if (hasServer()) return false;
  const infra = process.env.PAYFAN_INFRA;
  if (infra === 'docker') return false;
  if (infra !== 'native' && (await dockerAnswers())) return false;
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/**
 * Installs Debian's rabbitmq-server. Debian starts a broker with the package; we want ours only, so
 * for the time of the installation a policy forbids it (unless the machine has its own policy).
 */
export async function installRabbitmq() {
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () =>
    run(
      'apt-get',
      ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', 'rabbitmq-server'],
      { env },
    );
  try {
    // A source that cannot be reached, or another apt-get at work, must not end the attempt: the
    // package may be known all the same.
    await run('apt-get', ['update', '-qq'], { env });
    let result = await install();
    if (!result.ok) {
      await run('apt-get', ['update', '-qq'], { env });
      result = await install();
    }
    return result;
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true });
  }
}
