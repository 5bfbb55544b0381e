import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readStackFile, removeStackFile, writeStackFile, type StackDescription } from './stack-file.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-stack-file-'));
const file = path.join(folder, 'deep', 'stack.json');
afterAll(() => rmSync(folder, { recursive: true }));

const description: StackDescription = {
  services: { push: { url: 'http://127.0.0.1:4041', pid: 7 } },
  infrastructure: {
    postgres: { url: 'postgres://127.0.0.1/payfan', pid: 8 },
    rabbitmq: { url: 'amqp://127.0.0.1', managementUrl: 'http://127.0.0.1:15672' },
    mail: { smtp: 'smtp://127.0.0.1:1025' },
    sms: { url: 'http://127.0.0.1:8026' },
    webPush: { url: 'http://127.0.0.1:8027' },
  },
};

test('is written whole, for our eyes only, and read back', () => {
  writeStackFile(description, file);
  expect(readStackFile(file)).toEqual(description);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(readdirSync(path.dirname(file))).toEqual(['stack.json']);
});

test('reads as nothing when it is not there or not whole, and may be removed twice', () => {
  writeFileSync(file, '{"services":');
  expect(readStackFile(file)).toBeUndefined();
  removeStackFile(file);
  removeStackFile(file);
  expect(readStackFile(file)).toBeUndefined();
});
