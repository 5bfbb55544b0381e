import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { startProcess, type RunningProcess } from './process.ts';
import type { User } from './users.ts';

export interface EpmdOptions {
  folder: string;
  port: number;
  user: User | undefined;
  logFile: string;
  runFolder: string;
}

/**
 * Erlang's port mapper, through which a node is found. A node that finds none starts one that stays
 * for ever; so we start ours first, on a port of its own, and end it with the node.
 */
export function startEpmd({ folder, port, user, logFile, runFolder }: EpmdOptions): Promise<RunningProcess> {
  return startProcess({
    name: 'epmd',
    command: findEpmd(),
    args: ['-address', '127.0.0.1', '-port', String(port)],
    env: { PATH: process.env.PATH, HOME: path.join(folder, 'home') },
    cwd: folder,
    user,
    logFile,
    runFolder,
  });
}

/** On the PATH, or inside an Erlang installation. */
function findEpmd(): string {
  const roots = ['/usr/lib/erlang', '/usr/local/lib/erlang', '/opt/homebrew/lib/erlang', '/usr/lib64/erlang'];
  const inside = roots.flatMap((root) => list(root).map((name) => path.join(root, name, 'bin')));
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), ...inside];
  const folder = folders.find((one) => one !== '' && existsSync(path.join(one, 'epmd')));
  return folder === undefined ? 'epmd' : path.join(folder, 'epmd');
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith('erts-'));
  } catch {
    return [];
  }
}
