import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository; the same from `src` (in tests) and from `dist`. */
export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** What belongs to this work tree and needs no other user: stack.json, logs, the record of runs. */
export const payfanFolder = path.join(repository, '.payfan');

/** Short, stable name of this work tree, so that two clones on a machine keep apart. */
export const repositoryHash = createHash('sha256').update(repository).digest('hex').slice(0, 8);

export const isRoot = process.getuid?.() === 0;

/**
 * Where data lives on between runs. As root, Postgres and RabbitMQ run as other users, who cannot
 * enter a 0700 folder such as root's home, so the state goes where everyone may pass.
 */
export function persistentState(root: boolean = isRoot): string {
  return root ? path.join('/var/lib/payfan', repositoryHash) : path.join(payfanFolder, 'state');
}

/** Where copies of binaries are kept, shared by all runs. */
export function binariesFolder(root: boolean = isRoot): string {
  return root ? '/var/lib/payfan/binaries' : path.join(payfanFolder, 'binaries');
}

/** True when any user can reach `folder`: it and everything above it may be entered by others. */
export function isReachable(folder: string): boolean {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === path.dirname(at)) return true;
  }
}

/** Makes a folder for a run that leaves nothing behind. The caller deletes it. */
export function throwAwayState(): string {
  const candidates = [os.tmpdir(), '/tmp', '/var/tmp'];
  const parent = candidates.find((folder) => !isRoot || isReachable(folder)) ?? '/var/lib/payfan';
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'payfan-'));
  chmodSync(folder, 0o755);
  return folder;
}
