import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { binariesFolder, isReachable, persistentState, throwAwayState } from './paths.ts';

test('below a private folder nothing is reachable, however open it is itself', () => {
  const home = mkdtempSync(path.join(os.tmpdir(), 'payfan-paths-'));
  const inside = path.join(home, 'clone');
  mkdirSync(inside, { mode: 0o755 });
  chmodSync(home, 0o700);
  expect(isReachable(inside)).toBe(false);
  chmodSync(home, 0o755);
  expect(isReachable(inside)).toBe(isReachable(os.tmpdir()));
  rmSync(home, { recursive: true });
});

test("as root, data and binaries lie outside the clone, which may be in root's private home", () => {
  expect(persistentState(true)).toMatch(/^\/var\/lib\/payfan\/[0-9a-f]{8}$/);
  expect(binariesFolder(true)).toBe('/var/lib/payfan/binaries');
  expect(persistentState(false)).toMatch(/\/\.payfan\/state$/);
  expect(binariesFolder(false)).toMatch(/\/\.payfan\/binaries$/);
});

test('throw-away state is new each time, and other users may pass', () => {
  const folders = [throwAwayState(), throwAwayState()];
  expect(new Set(folders).size).toBe(2);
  for (const folder of folders) {
    expect(statSync(folder).mode & 0o777).toBe(0o755);
    rmSync(folder, { recursive: true });
  }
});
