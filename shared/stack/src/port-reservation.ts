import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isStillRunning, processIdentity } from './process-identity.ts';

/** One for all users and runs on this machine. */
const FOLDER = path.join(tmpdir(), 'payfan-ports');

/**
 * Reserves a port for this process, and says whether it is ours. Another run on this machine would otherwise choose it
 * before its program listens, or while that program is down, and would answer in its name. A reservation ends with the
 * process that made it.
 */
export function reservePort(port: number, folder = FOLDER): boolean {
  makeFolder(folder);
  const file = path.join(folder, String(port));
  if (writeReservation(file)) return true;
  if (isHeld(file)) return false;
  rmSync(file, { force: true });
  return writeReservation(file);
}

/** Everybody may write there, as in the folder of temporary files itself, because every user runs tests. */
function makeFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true }) !== undefined) chmodSync(folder, 0o777);
}

function writeReservation(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid} ${processIdentity(process.pid) ?? ''}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether the process that wrote the reservation still runs; one that is just being written is held, too. */
function isHeld(file: string): boolean {
  try {
    const [pid = '', identity = ''] = readFileSync(file, 'utf8').split(' ');
    return pid === '' || isStillRunning(Number(pid), identity);
  } catch {
    return false;
  }
}
