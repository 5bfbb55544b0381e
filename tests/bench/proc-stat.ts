import { readFileSync } from 'node:fs';

/** USER_HZ, which Linux shows to programs whatever it ticks at: https://man7.org/linux/man-pages/man7/time.7.html */
export const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

export interface Stat {
  parent: number;
  /** Processor time so far. */
  ticks: number;
  endedChildrenTicks: number;
  /** Memory that is in RAM. */
  residentBytes: number;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; nothing of a process that has just ended. */
export function readStat(pid: number): Stat {
  const text = readOrNothing(`/proc/${pid}/stat`);
  if (text === '') return { parent: 0, ticks: 0, endedChildrenTicks: 0, residentBytes: 0 };
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    parent: field(4),
    ticks: field(14) + field(15),
    endedChildrenTicks: field(16) + field(17),
    residentBytes: field(24) * PAGE_BYTES,
  };
}

/** How many pages of memory that it shares with others a process has mapped: https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html */
export function sharedPages(pid: number): number {
  return Number(readOrNothing(`/proc/${pid}/statm`).split(' ')[2] ?? 0);
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
