import { startProgram, waitFor } from '@payfan/stack/testing';
import type { Program } from '@payfan/stack/testing';

const running: Program[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((program) => program.kill()));
});

/** Runs the fixture; resolves when it answers probes, or at once if `early`. */
async function start(fault: string, { graceMs = 10_000, early = false } = {}): Promise<Program> {
  const program = await startProgram({
    name: 'fixture',
    entry: 'shared/service/dist/fixture-main.js',
    env: { FAULT: fault, GRACE_MS: String(graceMs) },
    ...(early ? { readyUrls: [] } : {}),
  });
  running.push(program);
  return program;
}

/** The messages that it logged, in order. */
const said = (program: Program) =>
  program
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { msg: string }).msg);

const until = (program: Program, message: string) =>
  waitFor(() => Promise.resolve(said(program).includes(message)), {
    what: `“${message}”`,
  });

const STOPPING = ['stopping', 'stop last', 'stop first', 'stopped'];

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops the parts in reverse and exits 0', async (signal) => {
  const program = await start('none');
  await until(program, 'started');
  expect(await program.stop(signal)).toEqual({ code: 0, signal: null });
  expect(said(program)).toEqual([
    'start first',
    expect.stringContaining('listening on port'),
    'start last',
    'started',
    ...STOPPING,
  ]);
});

test('a warning of Node is a JSON line like all others', async () => {
  const program = await start('warns');
  const warnings = () =>
    program
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string; err?: { message: string } })
      .filter(({ level }) => level === 'warn');
  await waitFor(() => Promise.resolve(warnings().length === 2), { what: 'both warnings' });
  expect(warnings().map(({ msg, err }) => `${msg}: ${err?.message}`)).toEqual([
    'process warning: before there is a logger',
    'process warning: while it runs',
  ]);
});

test('a part that hangs while it starts can be stopped all the same', async () => {
  const program = await start('hangs');
  await until(program, 'start last');
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  expect(said(program).slice(-4)).toEqual(STOPPING);
  expect(said(program)).not.toContain('started');
});

test('a part that hangs while it stops is waited for until the grace is over, and named', async () => {
  const program = await start('hangs-stopping', { graceMs: 300 });
  await until(program, 'started');
  expect(await program.stop()).toEqual({ code: 1, signal: null });
  expect(said(program).slice(-3)).toEqual([
    'stopping',
    'stop last',
    'last has not stopped within 300 ms: exiting',
  ]);
});

test('while it stops it is alive but not ready, and no second signal changes that', async () => {
  const program = await start('hangs-stopping', { graceMs: 600_000 });
  await until(program, 'started');
  process.kill(program.pid, 'SIGTERM');
  await until(program, 'stop last');
  process.kill(program.pid, 'SIGTERM');
  process.kill(program.pid, 'SIGINT');
  expect((await fetch(`${program.url}/livez`)).status).toBe(200);
  const ready = await fetch(`${program.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'not ready', checks: { shutdown: 'draining' } },
  ]);
  expect(said(program).filter((message) => message === 'stopping')).toHaveLength(1);
});

test('a part that fails to stop keeps no other from stopping, but the exit tells', async () => {
  const program = await start('fails-stopping');
  await until(program, 'started');
  expect(await program.stop()).toEqual({ code: 1, signal: null });
  expect(said(program).slice(-5)).toEqual([
    'stopping',
    'stop last',
    'last failed to stop',
    'stop first',
    'stopped',
  ]);
});

test('a part that fails to start ends the program, and what had started is stopped', async () => {
  const program = await start('fails', { early: true });
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(said(program).slice(-4)).toEqual(['last failed to start', 'stop last', 'stop first', 'stopped']);
});

test('an error that nobody caught ends the program', async () => {
  const program = await start('throws-later', { early: true });
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(said(program).at(-1)).toBe('unhandledRejection: exiting');
  expect(program.output()).toContain('nobody caught this');
});

test('a wrong setting is said in its own words alone, anything else with all there is', async () => {
  const config = await start('config', { early: true });
  expect(await config.exited).toEqual({ code: 2, signal: null });
  expect(config.output().trim()).toBe('FAULT must be something else.');
  const unforeseen = await start('unforeseen', { early: true });
  expect(await unforeseen.exited).toEqual({ code: 1, signal: null });
  expect(said(unforeseen)).toEqual(['failed to start']);
  expect(unforeseen.output()).toContain('fixture-main');
});
