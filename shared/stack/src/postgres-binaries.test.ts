import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { copyNative } from './postgres-binaries.ts';

let folder = '';
const inFolder = (name: string) => path.join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-binaries-'));
  for (const name of ['bin', 'lib', 'include'])
    mkdirSync(inFolder(`package/native/${name}`), { recursive: true, mode: 0o700 });
  writeFileSync(inFolder('package/native/bin/postgres'), '', { mode: 0o600 });
  writeFileSync(inFolder('package/native/lib/libicu.so.60.2'), 'library');
  writeFileSync(inFolder('package/native/lib/libpq.a'), 'static');
  const link = { source: 'native/lib/libicu.so.60.2', target: 'native/lib/libicu.so.60' };
  writeFileSync(inFolder('package/native/pg-symlinks.json'), JSON.stringify([link]));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Copies, and takes the package away. */
async function copy(): Promise<void> {
  await copyNative(inFolder('package'), inFolder('copy'));
  rmSync(inFolder('package'), { recursive: true });
}

const throughLink = () => readFileSync(inFolder('copy/lib/libicu.so.60'), 'utf8');

test('a copy needs the package no longer', async () => {
  await copy();
  expect(throughLink()).toBe('library');
});

test('also where npm has run the install script that makes the links', async () => {
  symlinkSync('libicu.so.60.2', inFolder('package/native/lib/libicu.so.60'));
  await copy();
  expect(throughLink()).toBe('library');
});

test('a copy whose links lead out of it is replaced, and one that is whole is kept', async () => {
  mkdirSync(inFolder('copy/lib'), { recursive: true });
  symlinkSync(inFolder('package/native/lib/libicu.so.60.2'), inFolder('copy/lib/libicu.so.60'));
  writeFileSync(inFolder('copy/pg-symlinks.json'), readFileSync(inFolder('package/native/pg-symlinks.json')));
  await copyNative(inFolder('package'), inFolder('copy'));
  expect(throughLink()).toBe('library');
  const kept = statSync(inFolder('copy/lib')).ino;
  await copy();
  expect(statSync(inFolder('copy/lib')).ino).toBe(kept);
});

test('its programs can be run, and what only compilers need is left out', async () => {
  await copy();
  expect(statSync(inFolder('copy/bin/postgres')).mode & 0o777).toBe(0o755);
  expect(() => statSync(inFolder('copy/lib/libpq.a'))).toThrow('ENOENT');
  expect(() => statSync(inFolder('copy/include'))).toThrow('ENOENT');
});
