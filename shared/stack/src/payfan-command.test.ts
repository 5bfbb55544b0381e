import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { repository } from './paths.ts';
import { isStillRunning, processIdentity } from './process-identity.ts';
import { waitFor } from './wait.ts';

/** A work tree with our entry script and nothing else: npm and tsc are stand-ins that note their calls. */
let tree = '';
const inTree = (name: string) => path.join(tree, name);
const calls = () =>
  existsSync(inTree('calls')) ? readFileSync(inTree('calls'), 'utf8').trim().split('\n') : [];

/** An `npm` on the PATH that does what the shell script says. */
function npmThat(script: string): void {
  writeFileSync(inTree('bin/npm'), `#!/bin/sh\necho npm $1 >> ${tree}/calls\n${script}\n`);
  chmodSync(inTree('bin/npm'), 0o755);
}

/** As npm: notes what is installed, and brings a `tsc`, which "builds" our command. */
const INSTALLS = `mkdir -p node_modules/typescript/bin && cp package-lock.json node_modules/.package-lock.json &&
  cp tsc.js node_modules/typescript/bin/tsc`;
const TSC = `const { appendFileSync, mkdirSync, existsSync, writeFileSync } = require('node:fs');
appendFileSync('calls', 'tsc ' + (existsSync('shared/stack/tsconfig.tsbuildinfo') ? 'with' : 'without') + ' notes\\n');
if (existsSync('type-error')) { console.log('index.ts(1,1): error TS1'); process.exit(1); }
mkdirSync('shared/stack/dist', { recursive: true });
writeFileSync('shared/stack/dist/index.js', 'export const runCommand = async (name, progress, { gateway = "" }) => { console.log("ran " + name + gateway); return 7; };');
writeFileSync('shared/stack/tsconfig.tsbuildinfo', '{}');`;

const lock = (version: string) =>
  JSON.stringify({
    packages: {
      '': {},
      'node_modules/a': { version, integrity: `sha512-${version}` },
      'node_modules/for-windows': { version, optional: true },
    },
  });

beforeEach(() => {
  tree = mkdtempSync(path.join(os.tmpdir(), 'payfan-command-'));
  for (const name of ['bin', 'images.json'])
    cpSync(path.join(repository, 'shared/stack', name), inTree(`shared/stack/${name}`), { recursive: true });
  for (const folder of ['bin', 'shared/stack/src']) mkdirSync(inTree(folder), { recursive: true });
  writeFileSync(inTree('package.json'), '{"type":"module"}');
  writeFileSync(inTree('package-lock.json'), lock('1.0.0'));
  writeFileSync(inTree('tsconfig.json'), '{"references":[{"path":"shared/stack"}]}');
  writeFileSync(inTree('tsconfig.base.json'), '{}');
  writeFileSync(inTree('shared/stack/src/index.ts'), 'export {};');
  writeFileSync(inTree('shared/stack/package.json'), '{"type":"module"}');
  writeFileSync(inTree('tsc.js'), TSC);
  npmThat(INSTALLS);
});
afterEach(() => rmSync(tree, { recursive: true }));

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

function begin(...args: string[]): { child: ChildProcess; outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, [inTree('shared/stack/bin/payfan.mjs'), ...args], {
    // A broker is named, so that none is looked for.
    env: { PATH: `${inTree('bin')}:${process.env.PATH}`, AMQP_URL: 'amqp://broker' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  const outcome = once(child, 'close').then(([code]) => ({ code: code as number | null, ...texts }));
  return { child, outcome };
}
const payfan = (...args: string[]) => begin(...args).outcome;

test('help says what there is; what is unknown is answered with it and exit code 2', async () => {
  const help = await payfan('--help');
  expect(help).toMatchObject({ code: 0, err: '' });
  for (const command of ['start', 'demo', 'reset', 'test']) expect(help.out).toContain(command);
  expect(await payfan('strat')).toEqual({ code: 2, out: '', err: help.out });
  expect(await payfan('start', '--fast')).toEqual({ code: 2, out: '', err: help.out });
  expect(calls()).toEqual([]);
});

test('installs and builds on a fresh clone, hands the exit code on, and does neither again', async () => {
  expect(await payfan('start')).toMatchObject({ code: 7, out: 'ran start\n' });
  expect(calls()).toEqual(['npm ci', 'tsc without notes']);
  expect(await payfan('demo')).toEqual({ code: 7, out: 'ran demo\n', err: '' });
  expect(calls()).toHaveLength(2);
});

describe('secrets', () => {
  beforeEach(() => {
    writeFileSync(
      inTree('.env.example'),
      '# A.\nA_PASSWORD=\nPAYFAN_DEMO=false\n# COMPOSE_PROFILES=demo\n# B_PORT=1\n',
    );
  });

  test('prints .env.example with a random secret, on a fresh clone, installing nothing', async () => {
    const { code, out, err } = await payfan('secrets');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^# A\.\nA_PASSWORD=[0-9a-f]{48}\nPAYFAN_DEMO=false\n# COMPOSE_PROFILES=demo\n# B_PORT=1\n$/,
    );
    expect((await payfan('secrets')).out).not.toBe(out);
    expect(calls()).toEqual([]);
  });

  test('switches the demo on where it is asked to, and takes no other argument', async () => {
    expect((await payfan('secrets', '--demo')).out).toMatch(
      /\nPAYFAN_DEMO=true\nCOMPOSE_PROFILES=demo\n# B_PORT/,
    );
    expect(await payfan('secrets', '.env')).toMatchObject({ code: 2, out: '' });
  });

  /** As the README has it: by npm, which prints lines of its own first. */
  const redirect = (redirection: string) =>
    new Promise((resolve, reject) => {
      const scripts = { payfan: 'exec node shared/stack/bin/payfan.mjs' };
      writeFileSync(
        inTree('package.json'),
        JSON.stringify({ name: 'p', version: '1.0.0', type: 'module', scripts }),
      );
      const shell = spawn('sh', ['-c', `npm run payfan -- secrets ${redirection}`], { cwd: tree });
      shell.on('error', reject).on('close', resolve);
    });

  test('written to a file by npm, they are alone in it, and no other user can read it', async () => {
    expect(await redirect('> .env')).toBe(0);
    expect(readFileSync(inTree('.env'), 'utf8')).toMatch(/^# A\.\nA_PASSWORD=[0-9a-f]{48}\nPAYFAN_DEMO/);
    expect(statSync(inTree('.env')).mode & 0o077).toBe(0);
  });

  test('appended to a file, what was there stays', async () => {
    writeFileSync(inTree('.env'), 'MINE=1\n');
    expect(await redirect('>> .env')).toBe(0);
    expect(readFileSync(inTree('.env'), 'utf8')).toMatch(/^MINE=1\n[^]*\nA_PASSWORD=[0-9a-f]{48}\n/);
  });
});

test('start takes a number of gateways, and no other command does', async () => {
  expect(await payfan('start', '--gateways', '3')).toMatchObject({ out: 'ran start3\n' });
  expect(await payfan('start', '--gateways=12')).toMatchObject({ out: 'ran start12\n' });
  for (const args of [
    ['start', '--gateways'],
    ['start', '--gateways', '0'],
    ['start', '--gateways', '21'],
    ['demo', '--gateways', '3'],
  ])
    expect((await payfan(...args)).code).toBe(2);
});

test('what an operator does is handed to operations, arguments and exit code and all, and needs no broker', async () => {
  mkdirSync(inTree('services/operations/dist/cli'), { recursive: true });
  writeFileSync(
    inTree('services/operations/dist/cli/main.js'),
    'console.log(process.argv.slice(2).join("|")); process.exitCode = await Promise.resolve(130);',
  );
  const args = ['dead-letters', 'replay', '--q', 'no such user'];
  expect(await payfan(...args)).toMatchObject({ code: 130, out: 'dead-letters|replay|--q|no such user\n' });
  expect(calls()).toEqual(['npm ci', 'tsc without notes']);
  expect((await payfan('--help')).out).toContain('dead-letters');
});

test('a benchmark gets its arguments, however many, and hands its exit code on', async () => {
  writeFileSync(inTree('bin/rabbitmq-server'), '');
  mkdirSync(inTree('tests/dist/bench'), { recursive: true });
  writeFileSync(
    inTree('tests/dist/bench/main.js'),
    'console.log(process.argv.slice(2).join("|")); process.exitCode = 1;',
  );
  expect(await payfan('bench', 'growth')).toMatchObject({ code: 1, out: 'growth\n' });
  expect(await payfan('bench', 'growth', 'outbox', '--rounds', '5', '--plot')).toMatchObject({
    code: 1,
    out: 'growth|outbox|--rounds|5|--plot\n',
  });
});

test('installs again when the lock file names other packages, and not when it is merely newer', async () => {
  await payfan('start');
  writeFileSync(inTree('package-lock.json'), lock('1.0.0'));
  await payfan('start');
  expect(calls()).toHaveLength(2);
  writeFileSync(inTree('package-lock.json'), lock('1.0.1'));
  await payfan('start');
  expect(calls()).toEqual(['npm ci', 'tsc without notes', 'npm ci', 'tsc with notes']);
});

test('what the lock file names and npm leaves out is not asked for again and again', async () => {
  npmThat(`${INSTALLS} && echo '{"packages":{}}' > node_modules/.package-lock.json`);
  await payfan('start');
  await payfan('start');
  expect(calls()).toEqual(['npm ci', 'tsc without notes']);
});

test('builds again when a source changed, and from nothing when a built file is gone', async () => {
  await payfan('start');
  writeFileSync(inTree('shared/stack/src/index.ts'), 'export const changed = 1;');
  await payfan('start');
  expect(calls().slice(2)).toEqual(['tsc with notes']);
  rmSync(inTree('shared/stack/dist'), { recursive: true });
  expect(await payfan('start')).toMatchObject({ code: 7 });
  expect(calls().slice(3)).toEqual(['tsc without notes']);
});

test('a type error ends it, each time until it is mended', async () => {
  writeFileSync(inTree('type-error'), '');
  for (let attempt = 0; attempt < 2; attempt++) {
    const { code, err } = await payfan('start');
    expect(code).toBe(1);
    expect(err).toContain('index.ts(1,1): error TS1');
  }
});

test('a failed installation shows the end of what npm said, and what to do', async () => {
  npmThat('echo "npm http fetch GET 200 noise" >&2; echo "npm error network ENOTFOUND registry" >&2; exit 1');
  const { code, err } = await payfan('start');
  expect(code).toBe(1);
  expect(err).toContain('npm error network ENOTFOUND registry');
  expect(err).toContain('run the same command again');
  expect(err).not.toContain('noise');
});

test('Ctrl-C during the installation ends npm and exits with 130', async () => {
  // Like npm, it doesn't end when it is asked to.
  npmThat(`trap '' TERM; echo $$ > ${tree}/npm.pid; sleep 60`);
  const { child, outcome } = begin('start');
  const pidFile = inTree('npm.pid');
  const installing = () =>
    Promise.resolve(existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
  await waitFor(installing, { what: 'npm running' });
  const npm = Number(readFileSync(pidFile, 'utf8'));
  const identity = processIdentity(npm) ?? '';
  child.kill('SIGINT');
  expect(await outcome).toMatchObject({ code: 130 });
  expect(isStillRunning(npm, identity)).toBe(false);
  expect(existsSync(inTree('.payfan/prepare.lock'))).toBe(false);
});

test('of two at once one installs, and the other waits for it', async () => {
  npmThat(`until [ -e ${tree}/go ]; do sleep 0.05; done; ${INSTALLS}`);
  const first = begin('start');
  await waitFor(() => Promise.resolve(calls().length === 1), { what: 'npm running' });
  const second = begin('start');
  let said = '';
  second.child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const waits = () => Promise.resolve(said.includes(`Waiting for another command`));
  await waitFor(waits, { what: 'the second saying that it waits' });
  writeFileSync(inTree('go'), '');
  expect((await first.outcome).code).toBe(7);
  expect((await second.outcome).code).toBe(7);
  expect(calls()).toEqual(['npm ci', 'tsc without notes']);
});

test('a lock whose owner died keeps nobody waiting', async () => {
  mkdirSync(inTree('.payfan'));
  writeFileSync(inTree('.payfan/prepare.lock'), String(2 ** 22 + 1));
  expect(await payfan('start')).toMatchObject({ code: 7 });
});
