import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { payfanFolder, repository } from './paths.ts';
import { isStillRunning } from './process-identity.ts';
import { waitFor } from './wait.ts';

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGTERM');
});

/** `npm run demo`, once it is built, as the leader of a process group. */
function beginDemo() {
  const script = `import('./shared/stack/dist/index.js').then(async ({ runCommand }) => {
    const progress = { line: (text) => console.error(text), done: (text) => console.error(text) };
    process.exit(await runCommand('demo', progress));
  })`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: repository,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
  const code = once(child, 'close').then(([exitCode]) => exitCode as number | null);
  return { pid: child.pid ?? 0, texts, code, record: path.join(payfanFolder, 'runs', `demo-${child.pid}`) };
}

/** The processes that a run has on record. */
const processesOf = (record: string) =>
  readdirSync(record)
    .filter((name) => name.endsWith('.process'))
    .map((name) => ({ pid: parseInt(name, 10), identity: readFileSync(path.join(record, name), 'utf8') }));

test('the demo tells both people on every channel, and says so in its last line', async () => {
  const demo = beginDemo();
  expect({ code: await demo.code, err: demo.texts.err }).toMatchObject({ code: 0 });
  const { transfer, deliveries } = JSON.parse(demo.texts.out.trimEnd().split('\n').at(-1) ?? '') as {
    transfer: object;
    deliveries: { channel: string; role: string; status: string }[];
  };
  expect(transfer).toMatchObject({
    to: '+917010233311',
    amount: 10_000,
    currency: 'INR',
    status: 'completed',
  });
  expect(deliveries.map(({ channel, role, status }) => `${channel} ${role} ${status}`).sort()).toEqual(
    ['email', 'phone', 'push'].flatMap((channel) =>
      ['payee', 'payer'].map((role) => `${channel} ${role} sent`),
    ),
  );
  expect(existsSync(demo.record)).toBe(false);
});

test('Ctrl-C while it starts ends everything that it had started by then', async () => {
  const demo = beginDemo();
  const begun = () => Promise.resolve(demo.texts.err.includes('PostgreSQL on'));
  await waitFor(begun, { what: 'PostgreSQL running' });
  const processes = processesOf(demo.record);
  expect(processes.length).toBeGreaterThan(1);
  process.kill(-demo.pid, 'SIGINT');
  expect(await demo.code).toBe(130);
  expect(processes.filter(({ pid, identity }) => isStillRunning(pid, identity))).toEqual([]);
  expect(existsSync(demo.record)).toBe(false);
});
