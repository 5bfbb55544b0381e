import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isStillRunning, processIdentity, startTicks } from './process-identity.ts';

/** A line of /proc/<pid>/stat where each field from the fourth on is its own number, but for the threads. */
const stat = (name: string, state: string, threads: number) => {
  const rest = Array.from({ length: 30 }, (_, index) => (index === 16 ? threads : index + 4));
  return `12 (${name}) ${state} ${rest.join(' ')}`;
};

test('reads the start from a stat line, whatever the name of the program holds', () => {
  expect(startTicks(stat('a) b (c', 'S', 1))).toBe('22');
});

test('a zombie is over, unless some of its threads are not', () => {
  expect(startTicks(stat('postgres', 'Z', 1))).toBeUndefined();
  expect(startTicks(stat('node', 'Z', 4))).toBe('22');
});

test('a process is itself for as long as it runs, and no other', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const identity = processIdentity(pid) ?? '';
  expect(isStillRunning(pid, identity)).toBe(true);
  expect(isStillRunning(pid, processIdentity(process.pid) ?? '')).toBe(false);
  child.stdin.end();
  await once(child, 'exit');
  expect(isStillRunning(pid, identity)).toBe(false);
});
