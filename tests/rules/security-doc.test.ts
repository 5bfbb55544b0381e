import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const repository = path.resolve(__dirname, '../..');
const text = readFileSync(path.join(repository, 'docs/security.md'), 'utf8');

test('every test file that docs/security.md names exists, and each OWASP item names one', () => {
  const files = [...text.matchAll(/`([\w./-]+\.test\.ts)`/g)].map(([, file = '']) => file);
  expect(files.filter((file) => !existsSync(path.join(repository, file)))).toEqual([]);

  const items = text.split('\n').filter((line) => /^\| API\d+ /.test(line));
  expect(items.map((line) => /^\| API(\d+)/.exec(line)?.[1])).toEqual(
    Array.from({ length: 10 }, (_, index) => String(index + 1)),
  );
  expect(items.filter((line) => !line.includes('.test.ts`'))).toEqual([]);
});
