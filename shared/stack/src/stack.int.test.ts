import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { throwAwayState } from './paths.ts';
import { canConnect, isPortFree } from './ports.ts';
import { processIdentity } from './process-identity.ts';
import { Run } from './runs.ts';
import { services } from './services.ts';
import { Stack } from './stack.ts';
import type { StackDescription } from './stack-file.ts';
import { waitFor } from './wait.ts';

const records = mkdtempSync(path.join(os.tmpdir(), 'payfan-stack-'));
const state = throwAwayState();
const run = Run.begin('start', records);
run.throwAway(state);
const told: StackDescription[] = [];
const [operations] = services.filter(({ name }) => name === 'operations');
if (operations === undefined) throw new Error('there is no operations');
const later = { ...operations, name: 'latecomer', port: undefined, portVariable: 'LATECOMER_PORT' };
const stack = new Stack({
  place: { state, logs: path.join(state, 'logs'), throwAway: true, usualPorts: false, run },
  secretsFolder: state,
  later: [later],
  progress: { line: () => undefined, done: () => undefined },
  onChange: (description) => told.push(description),
});
afterAll(async () => {
  await stack.stop();
  run.end();
  rmSync(records, { recursive: true });
});

const pidsOf = ({ services: all, infrastructure: { postgres, rabbitmq } }: StackDescription) => [
  ...Object.values(all).map(({ pid }) => pid),
  ...[postgres, rabbitmq].flatMap(({ pid }) => pid ?? []),
];

/** Every port that the stack listens on. */
const portsOf = ({ services: all, infrastructure }: StackDescription) => {
  const { postgres, rabbitmq, mail, sms, webPush } = infrastructure;
  const urls = Object.values(all).map(({ url }) => url);
  urls.push(postgres.url, rabbitmq.url, rabbitmq.managementUrl, mail.smtp, sms.url, webPush.url);
  if (mail.api !== undefined) urls.push(mail.api);
  return urls.map((url) => Number(new URL(url).port));
};

test('the whole stack: reported once it is ready, kept running, and ended completely', async () => {
  const description = await stack.start();
  expect(told).toEqual([description]);
  expect(Object.keys(description.services)).toEqual([...services.map(({ name }) => name), 'sandbox']);
  for (const { url } of Object.values(description.services))
    expect((await fetch(`${url}/readyz`)).status).toBe(200);

  // What listens on all interfaces answers at 127.0.0.2 too, which on Linux is this machine.
  for (const port of portsOf(description)) {
    await canConnect(port);
    await expect(canConnect(port, '127.0.0.2')).rejects.toThrow();
  }

  // One that comes later is like the others from then on.
  const complete = await stack.startLater(later);
  expect(told.at(-1)).toEqual(complete);
  expect(told.slice(0, -1).every(({ services: { latecomer } }) => latecomer === undefined)).toBe(true);
  const latecomer = complete.services['latecomer']?.url ?? '';
  expect((await fetch(`${latecomer}/readyz`)).status).toBe(200);

  // A service and the database die as in a crash; both come back where they were, and say so.
  const now = () => told.at(-1) ?? description;
  const killed = [description.services['push']?.pid ?? 0, description.infrastructure.postgres.pid ?? 0];
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  const back = () => Promise.resolve(pidsOf(now()).every((pid) => !killed.includes(pid)));
  await waitFor(back, { what: 'both having new pids' });
  const all = async () => {
    for (const { url } of Object.values(now().services)) {
      const { status } = await fetch(`${url}/readyz`);
      if (status !== 200) return false;
    }
    return true;
  };
  await waitFor(all, { what: 'every service being ready again' });
  expect(now().services['push']?.url).toBe(description.services['push']?.url);

  const pids = pidsOf(now());
  expect(pids.every((pid) => processIdentity(pid) !== undefined)).toBe(true);
  const changesBefore = told.length;
  await stack.stop();
  expect(pids.map(processIdentity)).toEqual(pids.map(() => undefined));
  expect(readdirSync(run.folder)).toEqual(['owner.json']);
  for (const { url } of Object.values(complete.services))
    expect(await isPortFree(Number(new URL(url).port))).toBe(true);
  expect(told).toHaveLength(changesBefore);
});
