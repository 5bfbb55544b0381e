import { readFileSync, writeFileSync } from 'node:fs';
import { check } from './check.ts';
import { FILE, PATH, rendered } from './rendering.ts';

const [wish, ...more] = process.argv.slice(2);
if ((wish !== undefined && wish !== '--check') || more.length > 0) {
  process.stderr.write(`Usage: npm run docs             writes ${FILE}\n`);
  process.stderr.write(`       npm run docs -- --check  says what is wrong with it\n`);
  process.exitCode = 2;
} else {
  if (wish === undefined) writeFileSync(PATH, rendered());
  const problems = await check(readFileSync(PATH, 'utf8'));
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
