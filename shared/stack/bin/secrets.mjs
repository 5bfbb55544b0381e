// `npm run payfan -- secrets`: .env.example with random secrets. It needs no package, so it runs on a fresh clone.
import { randomBytes } from 'node:crypto';
import { fchmodSync, fstatSync, ftruncateSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Prints a complete .env; with `demo` one that has demo accounts. */
export function printSecrets(repository, { demo, env = process.env }) {
  const text = fillIn(readFileSync(path.join(repository, '.env.example'), 'utf8'), demo);
  const { size, isFile } = outputFile();
  if (!isFile) return void process.stdout.write(text);
  // `> .env`: for us alone, and without the lines that npm prints about itself, which no .env may hold.
  fchmodSync(1, 0o600);
  if (size > 0 && size === npmBanner(env).length) {
    ftruncateSync(1, 0);
    writeSync(1, text, 0);
  } else writeSync(1, text);
}

/** Every line of `.env.example` whose value is left out gets one; a demo also has the lines that are its own. */
function fillIn(template, demo) {
  const filled = template.replace(/^([A-Z_]+)=(.*=)?$/gm, (line, name) => line + randomSecret(name));
  if (!demo) return filled;
  return filled
    .replace('PAYFAN_DEMO=false', 'PAYFAN_DEMO=true')
    .replace(/^# ((COMPOSE_PROFILES|WEB_PUSH_SANDBOX_URL)=)/gm, '$1');
}

/** Keys for encryption are 32 bytes; all else is letters and digits, as it becomes part of URLs and lists. */
function randomSecret(name) {
  return name.endsWith('_ENCRYPTION_KEY')
    ? randomBytes(32).toString('base64')
    : randomBytes(24).toString('hex');
}

function outputFile() {
  const stats = fstatSync(1);
  return { size: stats.size, isFile: stats.isFile() };
}

/** What `npm run` prints before a script starts. */
function npmBanner(env) {
  const { npm_package_name: name, npm_package_version: version, npm_lifecycle_event: event } = env;
  const script = [env.npm_lifecycle_script, ...process.argv.slice(2)].join(' ');
  return `\n> ${name}@${version} ${event}\n> ${script}\n\n`;
}
