import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { reservePort } from './port-reservation.ts';
import { processIdentity } from './process-identity.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'payfan-ports-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a port is reserved once', () => {
  expect(reservePort(20_000, folder)).toBe(true);
  expect(reservePort(20_000, folder)).toBe(false);
  expect(reservePort(20_001, folder)).toBe(true);
});

test('a reservation holds while the process that made it runs, and no longer', async () => {
  const other = spawn('sleep', ['600']);
  await once(other, 'spawn');
  writeFileSync(path.join(folder, '20000'), `${other.pid} ${processIdentity(other.pid!)}`);
  expect(reservePort(20_000, folder)).toBe(false);
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(reservePort(20_000, folder)).toBe(true);
});

test('a later process with the number of the one that made a reservation does not hold it', () => {
  writeFileSync(path.join(folder, '20000'), `${process.pid} of-a-process-before`);
  expect(reservePort(20_000, folder)).toBe(true);
});
