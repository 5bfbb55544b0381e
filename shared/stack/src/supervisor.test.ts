import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startProcess } from './process.ts';
import { isStillRunning, processIdentity } from './process-identity.ts';
import { Stopping, Supervisor } from './supervisor.ts';
import { UnitFailed, type Unit } from './unit.ts';
import { waitFor } from './wait.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'payfan-supervisor-'));
afterAll(() => rmSync(folder, { recursive: true }));

const UNTIL_SIGTERM = 'setInterval(() => {}, 1000)';

/** A Node program under supervision; ready at once, unless told. */
function unitOf(name: string, script: string, rest: Partial<Unit> = {}): Unit {
  const logFile = path.join(folder, `${name}.log`);
  return {
    name,
    logFile,
    stopSignal: 'SIGTERM',
    graceMs: 5_000,
    spawn: () =>
      startProcess({
        name,
        command: process.execPath,
        args: ['-e', script],
        env: {},
        cwd: folder,
        logFile,
        runFolder: folder,
      }),
    isReady: () => Promise.resolve(true),
    ...rest,
  };
}

/** A supervisor, and what it has told. */
function watched() {
  const lines: string[] = [];
  let changes = 0;
  const supervisor = new Supervisor({ log: (line) => lines.push(line), onChange: () => changes++ });
  return { supervisor, lines, changes: () => changes };
}

/** The processes on record; nothing must be left when a test ends. */
const onRecord = () => readdirSync(folder).filter((name) => name.endsWith('.process'));
afterEach(() => expect(onRecord()).toEqual([]));

test('a program that is killed is started again, and its new pid is reported', async () => {
  const { supervisor, lines, changes } = watched();
  await supervisor.start(unitOf('push', UNTIL_SIGTERM));
  const first = supervisor.pidOf('push') ?? 0;
  const before = changes();
  process.kill(first, 'SIGKILL');
  const back = () => Promise.resolve(lines.some((line) => line.startsWith('push is back')));
  await waitFor(back, { what: 'push being back' });

  const second = supervisor.pidOf('push') ?? 0;
  expect(second).not.toBe(first);
  expect(changes()).toBeGreaterThan(before);
  expect(lines).toEqual(['push ended (SIGKILL); starting it again in 0.2 s', `push is back (pid ${second})`]);
  await supervisor.stop();
  expect(processIdentity(second)).toBeUndefined();
});

test('what ends again and again is started again each time, ever more slowly', async () => {
  const { supervisor, lines } = watched();
  await supervisor.start(unitOf('phone', 'setTimeout(() => process.exit(3), 50)'));
  const often = () => Promise.resolve(lines.filter((line) => line.includes('ended')).length >= 3);
  await waitFor(often, { what: 'three ends' });
  await supervisor.stop();
  const ends = lines.filter((line) => line.includes('ended')).slice(0, 3);
  expect(ends).toEqual(
    ['0.2', '0.4', '0.8'].map((wait) => `phone ended (exit code 3); starting it again in ${wait} s`),
  );
});

test('stop ends everything, starts nothing again, and may be called twice', async () => {
  const { supervisor, lines } = watched();
  await supervisor.start(unitOf('push', UNTIL_SIGTERM));
  await supervisor.start(unitOf('email', UNTIL_SIGTERM));
  const pids = ['push', 'email'].map((name) => supervisor.pidOf(name) ?? 0);
  await supervisor.stop(['push']);
  await supervisor.stop();
  await supervisor.stop();
  expect(pids.map(processIdentity)).toEqual([undefined, undefined]);
  expect(lines).toEqual([]);
  await expect(supervisor.start(unitOf('phone', UNTIL_SIGTERM))).rejects.toThrow(Stopping);
});

test('stop also ends what is not ready yet, and what is just being made', async () => {
  const { supervisor } = watched();
  const waiting = supervisor.start(unitOf('push', UNTIL_SIGTERM, { isReady: () => Promise.resolve(false) }));
  const refused = expect(waiting).rejects.toThrow(Stopping);
  await waitFor(() => Promise.resolve(supervisor.pidOf('push') !== undefined), {
    what: 'push being made',
  });
  const made = supervisor.start(unitOf('email', UNTIL_SIGTERM));
  await Promise.all([supervisor.stop(), refused, expect(made).rejects.toThrow(Stopping)]);
});

test('what ends before it is ready fails with the end of its log', async () => {
  const { supervisor } = watched();
  const unit = unitOf('email', 'console.error("SMTP_URL is missing"); process.exit(1)', {
    isReady: () => Promise.resolve(false),
  });
  const started = supervisor.start(unit);
  await expect(started).rejects.toThrow(UnitFailed);
  await expect(started).rejects.toThrow(/ended before it was ready \(exit code 1\)[^]*SMTP_URL is missing/);
  await supervisor.stop();
});

test('one that hears no signal is killed after its grace, with all that it started', async () => {
  const { supervisor } = watched();
  const deaf = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(UNTIL_SIGTERM)}]);
    process.on('SIGTERM', () => {});
    console.log('child', child.pid);
    ${UNTIL_SIGTERM}`;
  const unit = unitOf('deaf', deaf, { graceMs: 100 });
  const childPid = () => Number(/child (\d+)/.exec(readFileSync(unit.logFile, 'utf8'))?.[1] ?? 0);
  await supervisor.start({ ...unit, isReady: () => Promise.resolve(childPid() !== 0) });
  const child = childPid();
  const identity = processIdentity(child) ?? '';
  expect(identity).not.toBe('');
  await supervisor.stop();
  const gone = () => Promise.resolve(!isStillRunning(child, identity));
  await waitFor(gone, { what: 'the end of the grandchild' });
});
