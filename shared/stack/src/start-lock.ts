import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { payfanFolder } from './paths.ts';
import { isStillRunning, processIdentity } from './process-identity.ts';
import { readStackFile } from './stack-file.ts';

const lockFile = path.join(payfanFolder, 'start.lock');

/** `npm start` runs already in this work tree. */
export class AlreadyRunning extends Error {
  readonly pid: number;

  constructor(pid: number, whatNow: string) {
    const url = readStackFile()?.services['transaction']?.url;
    const where = url === undefined ? 'and is still starting' : `at ${url}`;
    super(`Payfan is running already ${where} (pid ${pid}). ${whatNow}`);
    this.name = 'AlreadyRunning';
    this.pid = pid;
  }
}

/**
 * Only one `npm start` uses the persistent state of a work tree. Answers how to give the lock back.
 * The lock of a process that was killed is taken over.
 */
export function takeStartLock(file: string = lockFile): () => void {
  mkdirSync(path.dirname(file), { recursive: true });
  const content = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, content, { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      refuseWhileRunning('Use that one, or stop it with Ctrl-C or `kill` first.', file);
      rmSync(file, { force: true });
    }
  }
  throw new Error(`${file} comes back each time it is removed: another \`npm start\` began in this moment.`);
}

/** Throws {@link AlreadyRunning} if the owner of the lock lives. */
export function refuseWhileRunning(whatNow: string, file: string = lockFile): void {
  const owner = readLock(file);
  if (owner !== undefined && isStillRunning(owner.pid, owner.identity))
    throw new AlreadyRunning(owner.pid, whatNow);
}

function readLock(file: string): { pid: number; identity: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { pid: number; identity: string };
  } catch {
    return undefined;
  }
}
