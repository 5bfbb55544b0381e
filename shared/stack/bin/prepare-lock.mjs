// One at a time may install and build in a work tree: two `npm ci` at once delete each other's files.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { throwIfInterrupted } from './child.mjs';

/** Waits for others to be done; answers how to give the lock back. A lock whose owner died is taken. */
export async function takePrepareLock(repository, onWait) {
  const file = path.join(repository, '.payfan/prepare.lock');
  mkdirSync(path.dirname(file), { recursive: true });
  for (let told = false; ; told = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      const giveBack = () => rmSync(file, { force: true });
      process.once('exit', giveBack);
      return () => {
        process.off('exit', giveBack);
        giveBack();
      };
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = readOwner(file);
    if (owner !== undefined && !isAlive(owner)) rmSync(file, { force: true });
    else if (!told) onWait(owner);
    await delay(200);
    throwIfInterrupted();
  }
}

/** Undefined while the owner is just writing it. */
function readOwner(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
