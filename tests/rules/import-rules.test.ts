import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const PACKAGE_FOLDERS = ['shared', 'services'];

let copy: string;

/** A copy of our sources, so that a violation can be seeded where no other check trips over it. */
beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'payfan-rules-'));
  const isSource = (file: string) =>
    !/\/(dist|node_modules|\.next)(\/|$)|\.test\.ts$/.test(file.slice(ROOT.length));
  for (const folder of PACKAGE_FOLDERS) {
    cpSync(path.join(ROOT, folder), path.join(copy, folder), { recursive: true, filter: isSource });
  }
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json', 'package.json']) {
    cpSync(path.join(ROOT, file), path.join(copy, file));
  }
  // Libraries come from the real folder, packages of ours from the copy.
  const modules = path.join(copy, 'node_modules');
  mkdirSync(path.join(modules, '@payfan'), { recursive: true });
  for (const name of readdirSync(path.join(ROOT, 'node_modules'))) {
    if (name !== '@payfan') symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
  for (const folder of PACKAGE_FOLDERS) {
    for (const name of readdirSync(path.join(copy, folder))) {
      symlinkSync(path.join(copy, folder, name), path.join(modules, '@payfan', name));
    }
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Runs the very check of `npm run check:imports` and answers which file broke which rule. */
function violations(): { file: string; rule: string }[] {
  const command = path.join(ROOT, 'node_modules/.bin/depcruise');
  const { stdout, stderr } = spawnSync(
    command,
    ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'shared', 'services'],
    { cwd: copy, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser failed: ${stderr}`);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[]; totalCruised: number };
  };
  // A check that finds no files would find no violations either.
  expect(summary.totalCruised).toBeGreaterThan(50);
  return summary.violations.map(({ from, rule }) => ({ file: from, rule: rule.name }));
}

test('our sources break no rule', () => {
  expect(violations()).toEqual([]);
});

describe('a seeded violation is caught:', () => {
  const seeds: [rule: string, file: string, source: string][] = [
    ['services-stand-alone', 'services/email/src/seed-1.ts', `import '../../transaction/src/config.ts';`],
    [
      'shared-knows-no-service',
      'shared/channel/src/seed-2.ts',
      `import '../../../services/transaction/src/config.ts';`,
    ],
    ['contracts-import-nothing-of-ours', 'shared/contracts/src/seed-3.ts', `import '@payfan/database';`],
    ['amqplib-only-in-messaging', 'services/email/src/seed-4.ts', `import 'amqplib';`],
    ['pg-only-in-database', 'services/transaction/src/seed-5.ts', `import 'pg';`],
    ['express-only-at-the-doors', 'services/email/src/seed-6.ts', `import 'express';`],
    ['a-browser-takes-it-along', 'shared/live-client/src/seed-8.ts', `import 'zod';`],
    ['a-browser-takes-it-along', 'shared/live-client/src/seed-9.ts', `import 'node:fs';`],
    [
      'pages-take-along-what-browsers-need',
      'services/web/src/api/seed-10.ts',
      `import { Account } from '@payfan/contracts'; export const schema = Account;`,
    ],
    ['contracts-run-in-browsers', 'shared/contracts/src/seed-14.ts', `import 'node:buffer';`],
    [
      'settings-stay-on-the-server',
      'services/web/src/ui/seed-11.tsx',
      `import { config } from '../config.ts'; export const demo = config().demo;`,
    ],
    ['what-pages-share-knows-no-page', 'services/web/src/live/seed-12.ts', `import '../wallet/wallet.tsx';`],
    ['pages-stand-alone', 'services/web/src/payouts/seed-13.tsx', `import '../wallet/wallet.tsx';`],
    ['resolvable', 'services/email/src/seed-7.ts', `import '@payfan/phone';`],
  ];
  let found: { file: string; rule: string }[];
  beforeAll(() => {
    for (const [, file, source] of seeds) writeFileSync(path.join(copy, file), source);
    found = violations();
    for (const [, file] of seeds) rmSync(path.join(copy, file));
  });

  test.each(seeds)('%s in %s', (rule, file) => {
    expect(found).toContainEqual({ file, rule });
  });
});
