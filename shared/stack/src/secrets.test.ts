import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadSecrets } from './secrets.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('passwords are made once, also when a service is added, and kept for us alone', () => {
  const first = loadSecrets(folder, ['push', 'email'], {});
  expect(first.postgres).toMatch(/^[0-9a-f]{24}$/);
  expect(first.services['push']).not.toBe(first.services['email']);
  expect(statSync(path.join(folder, 'secrets.json')).mode & 0o077).toBe(0);

  const later = loadSecrets(folder, ['push', 'email', 'phone'], {});
  expect(later).toEqual({
    ...first,
    services: { ...first.services, phone: expect.stringMatching(/^.{24}$/) },
  });
  expect(loadSecrets(folder, ['push', 'email', 'phone'], {})).toEqual(later);
});

test('the environment names one for as long as it does', () => {
  const kept = loadSecrets(folder, ['push'], {});
  expect(loadSecrets(folder, ['push'], { PUSH_DB_PASSWORD: 'mine' }).services['push']).toBe('mine');
  expect(loadSecrets(folder, ['push'], { PUSH_DB_PASSWORD: '' })).toEqual(kept);
});
