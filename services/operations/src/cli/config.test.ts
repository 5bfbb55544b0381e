import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cliConfig, serviceUrl, usualKey } from './config.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-cli-'));
const file = path.join(folder, 'stack.json');
afterAll(() => rmSync(folder, { recursive: true }));

const USUAL = 'http://127.0.0.1:4030';
const stack = (pid: number) =>
  JSON.stringify({ services: { operations: { url: 'http://127.0.0.1:14030', pid } }, infrastructure: {} });

test.each([
  ['that runs', stack(process.pid), 'http://127.0.0.1:14030'],
  ['that was killed', stack(2 ** 22 + 1), USUAL],
  ['half written', '{"services":', USUAL],
  ['of another version', '{}', USUAL],
])('the address comes from a stack %s', (_what, content, url) => {
  writeFileSync(file, content);
  expect(serviceUrl('operations', file)).toBe(url);
});

test('without a stack it is the usual one', () => {
  expect(serviceUrl('operations', path.join(folder, 'none.json'))).toBe(USUAL);
});

test('the environment’s key and colours; an empty variable is none', () => {
  expect(cliConfig({ PAYFAN_KEY: 'k' })).toEqual({ key: 'k', colours: true });
  expect(cliConfig({ PAYFAN_KEY: '', NO_COLOR: '' })).toEqual({ key: undefined, colours: true });
  expect(cliConfig({ NO_COLOR: '1' }).colours).toBe(false);
  expect(cliConfig({ TERM: 'dumb' }).colours).toBe(false);
});

test('the demo’s key goes to this machine and to no other', () => {
  for (const local of [USUAL, 'http://localhost:4030', 'http://[::1]:4030']) {
    expect(usualKey(new URL(local))).toBe('demo_operator');
  }
  expect(usualKey(new URL('https://payfan.example'))).toBeUndefined();
});
