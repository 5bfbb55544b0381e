import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testAuthority } from '@payfan/stack/testing';
import { z } from 'zod';
import { ConfigError, readConfig } from './config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'payfan-ca-'));
afterAll(() => rmSync(folder, { recursive: true }));

const start = (env: NodeJS.ProcessEnv) => readConfig(z.object({}), env);
const check = (text: string) => {
  const file = path.join(folder, 'ca.pem');
  writeFileSync(file, text);
  start({ NODE_EXTRA_CA_CERTS: file });
};

test('no file is named, or one with certificates', () => {
  start({});
  start({ NODE_EXTRA_CA_CERTS: '' });
  check(testAuthority('one').certificate + testAuthority('another').certificate);
});

test.each([
  ['a file that is not there', () => start({ NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem' }), 'ENOENT'],
  ['a folder', () => start({ NODE_EXTRA_CA_CERTS: folder }), 'EISDIR'],
  ['an empty file', () => check(''), 'holds none'],
  ['another text', () => check('certificate'), 'holds none'],
  [
    'a broken certificate',
    () => check('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    'cannot be read',
  ],
])('%s stops the start with a sentence that names it', (_what, begin, reason) => {
  expect(begin).toThrow(ConfigError);
  expect(begin).toThrow('NODE_EXTRA_CA_CERTS must be a file of CA certificates in PEM, but "');
  expect(begin).toThrow(reason);
});
