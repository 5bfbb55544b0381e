import { execFile } from 'node:child_process';
import { arch, cpus, release, tmpdir, totalmem, type as osType } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findPostgres, findRabbitmqServer } from '@payfan/stack/testing';

const execute = promisify(execFile);

/** Where a figure was measured, without which it says nothing. */
export interface Surroundings {
  machine: {
    cpu: string;
    cores: number;
    memoryBytes: number;
    /** `Linux 6.1.0 x64`. */
    os: string;
  };
  versions: { node: string; postgres: string; rabbitmq: string };
  /** As `git describe` has it: `d166145a1d8d`, with `-dirty` if files differ from it. */
  commit: string;
}

/** Looks at this machine, and at the servers that `startServers` starts on it. */
export async function lookAround(): Promise<Surroundings> {
  const [postgres, rabbitmq, commit] = await Promise.all([
    postgresVersion(),
    rabbitmqVersion(),
    commitHere(),
  ]);
  return {
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'an unknown processor',
      cores: cpus().length,
      memoryBytes: memoryBytes(),
      os: `${osType()} ${release()} ${arch()}`,
    },
    versions: { node: process.versions.node, postgres, rabbitmq },
    commit,
  };
}

/** In a container, what it may have; 0 or something astronomical means that nothing is set. */
function memoryBytes(): number {
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(allowed, totalmem()) : totalmem();
}

async function postgresVersion(): Promise<string> {
  const { bin } = await findPostgres();
  // `postgres (PostgreSQL) 18.4 (Debian 18.4-1)`
  return /\) (\S+)/.exec(await output(path.join(bin, 'postgres'), '--version'))?.[1] ?? 'unknown';
}

async function rabbitmqVersion(): Promise<string> {
  const script = findRabbitmqServer();
  const said = script && (await output(path.join(path.dirname(script), 'rabbitmqctl'), 'version'));
  // `3.10.8`; warnings of Erlang's may stand before it.
  return /^\d+\.\d+\S*$/m.exec(said ?? '')?.[0] ?? 'unknown';
}

async function commitHere(): Promise<string> {
  const described = await output('git', 'describe', '--always', '--dirty', '--abbrev=12', '--exclude=*');
  return described.trim() || 'unknown';
}

/** What a program prints; nothing if it cannot. A benchmark is not lost for want of a version. */
async function output(program: string, ...args: string[]): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      // From a folder that is closed to it, rabbitmqctl does not start.
      ...(program === 'git' ? {} : { cwd: tmpdir() }),
      timeout: 30_000,
    });
    return stdout;
  } catch {
    return '';
  }
}
