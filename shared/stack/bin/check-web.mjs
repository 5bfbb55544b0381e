// Parts of `npm run check` that need the libraries of services/web; where those are not installed, says how to.
//   node shared/stack/bin/check-web.mjs types | dead-code
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../../..');
const folder = path.join(repository, 'services/web');
const checks = {
  types: ['npm', ['run', '--silent', 'types']],
  'dead-code': [process.execPath, [path.join(repository, 'node_modules/knip/bin/knip.js')]],
};

const [name] = process.argv.slice(2);
const [command, args] = checks[name] ?? [];
if (command === undefined) {
  process.stderr.write(`There is no check "${name}". There are: ${Object.keys(checks).join(', ')}.\n`);
  process.exitCode = 2;
} else if (existsSync(path.join(folder, 'node_modules'))) {
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' };
  process.exitCode = spawnSync(command, args, { cwd: folder, env, stdio: 'inherit' }).status ?? 1;
} else {
  const remedy = '`npm ci` in services/web changes that';
  process.stderr.write(`services/web is not installed, so its ${name} cannot be checked: ${remedy}.\n`);
}
