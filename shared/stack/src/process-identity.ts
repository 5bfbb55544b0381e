import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Tells a process from a later one that was given the same number: the moment it started, in ticks
 * since the machine did (Linux, field 22 of /proc/<pid>/stat), or as `ps` shows it elsewhere. Unlike
 * the command line it stays the same when a start script gives way to the program.
 *
 * Undefined when there is no such process, or only what is left of one (a zombie).
 */
export function processIdentity(pid: number): string | undefined {
  try {
    if (process.platform !== 'linux') {
      const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
      return started.trim() || undefined;
    }
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    const ticks = startTicks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return ticks === undefined ? undefined : `${bootId}-${ticks}`;
  } catch {
    return undefined;
  }
}

/**
 * Reads field 22 of a stat line; the name in parentheses may hold spaces and parentheses itself. Field
 * 20 counts threads: a zombie with others than its first still holds its files and ports.
 */
export function startTicks(stat: string): string | undefined {
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isOver = state === 'X' || (state === 'Z' && Number(rest[16]) <= 1);
  return isOver ? undefined : rest[18];
}

/** True when the process that was seen with this identity still runs. */
export function isStillRunning(pid: number, identity: string): boolean {
  return processIdentity(pid) === identity;
}
