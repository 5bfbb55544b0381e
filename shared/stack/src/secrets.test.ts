import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadSecrets } from './secrets.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const holders = { withDatabase: ['push', 'email'], withBroker: ['push'], withKey: ['gateway'] };

test('secrets are made once, also when a service is added, and kept for us alone', () => {
  const first = loadSecrets(folder, holders, {});
  expect(first.postgres).toMatch(/^[0-9a-f]{48}$/);
  expect(first.services['push']).not.toBe(first.services['email']);
  expect(first.broker).toEqual({ push: expect.stringMatching(/^[0-9a-f]{48}$/) });
  expect(first.broker['push']).not.toBe(first.services['push']);
  expect(first.keys).toEqual({ gateway: expect.stringMatching(/^[0-9a-f]{48}$/) });
  expect(statSync(path.join(folder, 'secrets.json')).mode & 0o077).toBe(0);

  const more = {
    withDatabase: [...holders.withDatabase, 'phone'],
    withBroker: [...holders.withBroker, 'gateway'],
    withKey: [...holders.withKey, 'payout'],
  };
  const later = loadSecrets(folder, more, {});
  expect(later).toEqual({
    ...first,
    services: { ...first.services, phone: expect.stringMatching(/^.{48}$/) },
    broker: { ...first.broker, gateway: expect.stringMatching(/^.{48}$/) },
    keys: { ...first.keys, payout: expect.stringMatching(/^.{48}$/) },
  });
  expect(loadSecrets(folder, more, {})).toEqual(later);
});

test('what an earlier version made is kept, except keys that are too short', () => {
  const kept = { postgres: 'made before', services: { push: 'there were keys' } };
  const short = { gateway: 'k'.repeat(31) };
  writeFileSync(path.join(folder, 'secrets.json'), JSON.stringify({ ...kept, keys: short }));
  expect(
    loadSecrets(folder, { withDatabase: ['push'], withBroker: ['push'], withKey: ['gateway'] }, {}),
  ).toEqual({
    ...kept,
    broker: { push: expect.stringMatching(/^.{48}$/) },
    keys: { gateway: expect.stringMatching(/^.{48}$/) },
  });
});

test('the environment names one for as long as it does', () => {
  const kept = loadSecrets(folder, holders, {});
  const named = loadSecrets(folder, holders, {
    PUSH_DB_PASSWORD: 'mine',
    PUSH_AMQP_PASSWORD: 'theirs',
    GATEWAY_KEY: 'ours',
  });
  expect([named.services['push'], named.broker['push'], named.keys['gateway']]).toEqual([
    'mine',
    'theirs',
    'ours',
  ]);
  expect(loadSecrets(folder, holders, { PUSH_DB_PASSWORD: '', GATEWAY_KEY: '' })).toEqual(kept);
});
