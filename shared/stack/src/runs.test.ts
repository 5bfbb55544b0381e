import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { repository } from './paths.ts';
import { startProcess } from './process.ts';
import { isStillRunning, processIdentity } from './process-identity.ts';
import { endAbandonedRuns, livingRuns, Run } from './runs.ts';

const parent = mkdtempSync(path.join(os.tmpdir(), 'payfan-runs-'));
afterAll(() => rmSync(parent, { recursive: true }));

const sleeper = (runFolder: string) =>
  startProcess({
    name: 'sleeper',
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    env: {},
    cwd: parent,
    logFile: path.join(parent, 'sleeper.log'),
    runFolder,
  });

/** A supervisor that starts one process on a throw-away folder, and is killed before it can end it. */
async function killedSupervisor(throwAway: string): Promise<{ sleeper: number }> {
  const module = (name: string) =>
    JSON.stringify(pathToFileURL(path.join(repository, `shared/stack/dist/${name}.js`)).href);
  const script = `
    import { Run } from ${module('runs')};
    import { startProcess } from ${module('process')};
    const [parent, throwAway] = process.argv.slice(1);
    const run = Run.begin('start', parent);
    run.throwAway(throwAway);
    const { pid } = await startProcess({
      name: 'sleeper', command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: {},
      cwd: parent, logFile: parent + '/sleeper.log', runFolder: run.folder,
    });
    process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, parent, throwAway], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return { sleeper: Number(output) };
}

test('what a killed supervisor left behind is ended and deleted; a living run is left alone', async () => {
  const throwAway = path.join(parent, 'state');
  mkdirSync(throwAway);
  const left = await killedSupervisor(throwAway);
  const identity = processIdentity(left.sleeper) ?? '';
  expect(identity).not.toBe('');
  const run = Run.begin('demo', parent);
  const ours = await sleeper(run.folder);
  expect(livingRuns(parent)).toEqual([{ pid: process.pid, command: 'demo' }]);

  expect(await endAbandonedRuns(parent)).toEqual([{ command: 'start', processes: 1, containers: [] }]);

  expect(isStillRunning(left.sleeper, identity)).toBe(false);
  expect(existsSync(throwAway)).toBe(false);
  expect(ours.hasExited).toBe(false);
  expect(await endAbandonedRuns(parent)).toEqual([]);
  run.end();
  expect(await ours.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(livingRuns(parent)).toEqual([]);
});

test('a process that ended is off the record, so its number is never held against another', async () => {
  const run = Run.begin('test', parent);
  const one = await sleeper(run.folder);
  expect(readdirSync(run.folder)).toContain(`${one.pid}.process`);
  await one.stop();
  expect(readdirSync(run.folder)).not.toContain(`${one.pid}.process`);
  run.end();
  expect(existsSync(run.folder)).toBe(false);
});
