import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A disk of a few megabytes, in memory. */
export interface SmallDisk {
  /** The only folder on it, for whoever owns `like`. */
  folder: string;
  /** Leaves not a byte free. */
  fill(): void;
  free(): void;
  remove(): void;
}

const MEGABYTES = 48;
const CHUNK = Buffer.alloc(64 * 1024);

/** Whether this process may mount: as root, and not in a container that forbids it. */
export function canMount(): boolean {
  const folder = mkdtempSync('/tmp/payfan-disk-');
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
}

/** @param like a folder of the user who is to write there */
export function mountSmallDisk(like: string): SmallDisk {
  const at = mkdtempSync('/tmp/payfan-disk-');
  chmodSync(at, 0o755);
  mount(at);
  const folder = mkdtempSync(path.join(at, 'data-'));
  const { uid, gid } = statSync(like);
  chownSync(folder, uid, gid);
  chmodSync(at, 0o755);
  const ballast = path.join(at, 'ballast');
  return {
    folder,
    fill() {
      for (let size = CHUNK.length; size >= 1;) {
        try {
          writeFileSync(ballast, CHUNK.subarray(0, size), { flag: 'a' });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          size = Math.floor(size / 2);
        }
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      unmount(at);
      rmdirSync(at);
    },
  };
}

function mount(folder: string): void {
  execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', folder], {
    stdio: 'ignore',
  });
}

function unmount(folder: string): void {
  execFileSync('/bin/umount', ['--lazy', folder], { stdio: 'ignore' });
}
