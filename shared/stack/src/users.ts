import { chownSync, readFileSync } from 'node:fs';
import { isRoot } from './paths.ts';

/** The user that a process runs as, when we are root and it must not be. */
export interface User {
  uid: number;
  gid: number;
}

/** Finds a user in the text of /etc/passwd. */
export function findUser(passwd: string, name: string): User | undefined {
  const fields = passwd
    .split('\n')
    .map((line) => line.split(':'))
    .find(([login]) => login === name);
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])];
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined;
}

/**
 * PostgreSQL refuses to run as root, and RabbitMQ should not; the first of `names` that this machine
 * knows runs it then. Undefined when we are not root: processes run as ourselves.
 */
export function lesserUser(...names: string[]): User | undefined {
  if (!isRoot) return undefined;
  const passwd = readFileSync('/etc/passwd', 'utf8');
  for (const name of names) {
    const user = findUser(passwd, name);
    if (user !== undefined) return user;
  }
  return { uid: 65_534, gid: 65_534 };
}

/** Gives a file or folder to the user that must write it. */
export function giveTo(user: User | undefined, ...files: string[]): void {
  if (user === undefined) return;
  for (const file of files) chownSync(file, user.uid, user.gid);
}
