import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { canConnect, freePort, waitFor } from '@payfan/stack/testing';

const execute = promisify(execFile);

class NoRedis extends Error {
  override readonly name = 'NoRedis';
  constructor(cause?: unknown) {
    super('There is no redis-server here to compare with. On Debian: apt-get install redis-server', {
      cause,
    });
  }
}

/** A Redis of the benchmark's own. */
export interface Redis {
  port: number;
  stop(): Promise<void>;
}

/**
 * Starts a Redis that is as durable as its users have it: an append-only file, synced every second. As root
 * on Debian it is installed first if need be.
 */
export async function startRedis(say: (line: string) => void): Promise<Redis> {
  const program = findRedis() ?? (await installRedis(say));
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'payfan-redis-'));
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(program, args, { stdio: 'ignore' });
  const onExit = () => child.kill('SIGKILL');
  process.once('exit', onExit);
  const stop = async () => {
    await end(child);
    process.off('exit', onExit);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitFor(() => canConnect(port), { what: 'Redis being ready', timeoutMs: 10_000 });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, stop };
}

const findRedis = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, 'redis-server'))
    .find((file) => existsSync(file));

async function installRedis(say: (line: string) => void): Promise<string> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new NoRedis();
  say('  there is no redis-server here: installing it by apt-get');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => execute('apt-get', args, { env });
  try {
    await apt('update', '-qq');
    await apt('install', '-y', '--no-install-recommends', 'redis-server');
  } catch (error) {
    throw new NoRedis(error);
  }
  const installed = findRedis();
  if (installed === undefined) throw new NoRedis();
  return installed;
}

/** Its data are thrown away, so it need not put them down in order. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}
