import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AlreadyRunning, refuseWhileRunning, takeStartLock } from './start-lock.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-start-lock-'));
const file = path.join(folder, 'start.lock');
afterEach(() => rmSync(file, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test('the second to come is refused until the first gives the lock back', () => {
  const giveBack = takeStartLock(file);
  expect(() => takeStartLock(file)).toThrow(AlreadyRunning);
  expect(() => refuseWhileRunning('Stop it first.', file)).toThrow(`(pid ${process.pid}). Stop it first.`);
  giveBack();
  expect(existsSync(file)).toBe(false);
  expect(() => takeStartLock(file)).not.toThrow();
});

test.each([
  ['of a process that is gone', { pid: 2 ** 30, identity: 'x' }],
  ['whose number another process has now', { pid: process.pid, identity: 'another' }],
])('takes over a lock %s', (_, owner) => {
  writeFileSync(file, JSON.stringify(owner));
  expect(() => refuseWhileRunning('', file)).not.toThrow();
  expect(() => takeStartLock(file)).not.toThrow();
  expect(() => takeStartLock(file)).toThrow(AlreadyRunning);
});

test('takes over a lock that was never written to its end', () => {
  writeFileSync(file, '{"pid":');
  expect(() => takeStartLock(file)).not.toThrow();
});
