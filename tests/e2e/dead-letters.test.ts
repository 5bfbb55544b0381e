import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { DeadLetter, DeadLetterDetail, DeadLetterGroup, ReplayResult } from '@payfan/contracts';
import { startPayfan, waitFor, WAIT_TIMEOUT_MS, type Payfan } from '@payfan/stack/testing';
import { inbox, messages, outside } from './people.ts';

let payfan: Payfan;
let people: ReturnType<typeof outside>;
beforeAll(async () => {
  payfan = await startPayfan();
  people = outside(payfan);
});
afterAll(() => payfan.stop());

const CLI = path.resolve(__dirname, '../../services/operations/dist/cli/main.js');

/** Starts a command as an operator would, with nothing in the environment and no terminal. */
function begin(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [CLI, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A command that has not ended by then never ends by itself.
    timeout: WAIT_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]) => {
    if (signal !== null) throw new Error(`payfan ${args.join(' ')} did not end: ${JSON.stringify(said)}`);
    return { code: code as number | null, ...said };
  });
  return { child, said, ended };
}
const command = (...args: string[]) => begin([...args, '--url', payfan.url('operations')]).ended;

async function json<Body>(...args: string[]): Promise<Body> {
  const { code, out, err } = await command(...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: expect.any(String) });
  return JSON.parse(out) as Body;
}

const api = async <Body>(where: string, body?: object) =>
  (
    await people.call<Body>(`${payfan.url('operations')}${where}`, 'demo_operator', {
      ...(body === undefined ? {} : { method: 'POST', body }),
    })
  ).body;

interface List {
  data: DeadLetter[];
  unavailable: string[];
}
const openLetters = async () => (await api<List>('/v1/dead-letters?limit=200')).data;

/** How the world outside behaves from now on; nothing said is well. */
const behave = (part: 'mailApi' | 'smsUrl', behaviour: object) =>
  people.call(`${payfan[part]}/behaviour`, 'demo_operator', { method: 'PUT', body: behaviour });

const mailsAbout = async (transferId: string) =>
  (await inbox(payfan))
    .filter(({ Raw }) => Raw.Data.includes(transferId))
    .map(({ Raw }) => Raw.To.join())
    .sort();

test('a mailbox that refuses makes a dead letter, seen in every way; mended and replayed, it gets one mail', async () => {
  await behave('mailApi', { reject: ['ravi@example.com'] });
  const { body: transfer } = await people.pay(10_000);
  await waitFor(async () => (await openLetters()).length === 1, { what: 'a dead letter' });

  // By the API, as JSON, and as a table.
  const [letter] = await openLetters();
  expect(letter).toMatchObject({
    id: expect.stringMatching(/^email-\d+$/),
    channel: 'email',
    reason: 'rejected',
    role: 'payee',
    transferId: transfer.id,
    lane: 'interactive',
    state: 'open',
    replays: 0,
  });
  const id = letter?.id ?? '';
  expect((await json<List>('dead-letters', 'list')).data).toEqual([letter]);
  const { out: table } = await command('dead-letters', 'list', '--reason', 'rejected', '--since', '1h');
  expect(table).toMatch(new RegExp(`^ID +LAST DIED.*\\n${id} .* rejected +interactive +1 +open +.*550`));
  expect((await command('dead-letters', 'list', '--channel', 'push')).out).toBe('No dead letters.\n');
  const groups = await json<{ data: DeadLetterGroup[] }>('dead-letters', 'list', '--groups');
  expect(groups.data).toMatchObject([{ channel: 'email', reason: 'rejected', count: 1, sampleId: id }]);
  const { out: shown } = await command('dead-letters', 'show', id);
  expect(shown).toContain(`"transferId": "${transfer.id}"`);

  await behave('mailApi', {});
  // Neither counting nor asking in vain does anything.
  expect(await command('dead-letters', 'replay', id, '--dry-run')).toMatchObject({
    code: 0,
    out: '1 dead letter would be replayed.\n',
  });
  expect(await command('dead-letters', 'replay', id)).toMatchObject({
    code: 2,
    err: expect.stringContaining('--yes'),
  });
  expect(await openLetters()).toEqual([letter]);

  expect(
    await command('dead-letters', 'replay', '--channel', 'email', '--group', letter?.group ?? '', '--yes'),
  ).toMatchObject({ code: 0, out: '1 dead letter replayed.\n' });
  await people.everybodyTold(transfer.id);
  expect(await mailsAbout(transfer.id)).toEqual(['asha@example.com', 'ravi@example.com']);

  // Again, in every way: there is nothing left to send.
  expect((await command('dead-letters', 'replay', '--all', '--yes')).out).toContain('0 dead letters');
  expect((await command('dead-letters', 'replay', id, '--yes')).out).toContain('0 dead letters');
  const again = await api<ReplayResult>('/v1/dead-letters/replay', { ids: [id] });
  expect(again).toMatchObject({ matched: 0, replayed: 0, remaining: 0 });
  // One that comes after it through the same queues: when it is told, a second one would have been.
  await people.everybodyTold((await people.pay(100)).body.id);
  expect(await mailsAbout(transfer.id)).toEqual(['asha@example.com', 'ravi@example.com']);

  const detail = await json<DeadLetterDetail>('dead-letters', 'show', id);
  expect(detail).toMatchObject({ state: 'replayed', replays: 1, history: [{ by: 'operator' }] });
  expect((await json<List>('dead-letters', 'list', '--state', 'all')).data.map((one) => one.id)).toEqual([
    id,
  ]);
});

test('a replay that is interrupted says how far it came; the next does the rest, and no party is notified twice', async () => {
  await behave('smsUrl', { reject: true });
  const transfers = await Promise.all(Array.from({ length: 4 }, async () => (await people.pay(100)).body.id));
  await waitFor(async () => (await openLetters()).length === 8, {
    what: 'eight dead letters',
  });
  await behave('smsUrl', {});

  const filter = ['--channel', 'phone', '--yes', '--json'];
  const url = payfan.url('operations');
  const slowly = begin(['dead-letters', 'replay', ...filter, '--rate', '1', '--url', url]);
  await waitFor(() => Promise.resolve(slowly.said.err.includes('Replayed 2, 6 left')), {
    what: 'the first call',
  });
  slowly.child.kill('SIGINT');
  const { code, out } = await slowly.ended;
  expect(code).toBe(130);
  const { matched, replayed, remaining } = JSON.parse(out) as ReplayResult;
  expect(matched).toBe(8);
  expect(replayed).toBeGreaterThanOrEqual(2);
  expect(replayed).toBeLessThan(8);
  expect(remaining).toBe(8 - replayed);
  expect(await openLetters()).toHaveLength(remaining);

  const rest = await json<ReplayResult>('dead-letters', 'replay', ...filter.slice(0, -1));
  expect(rest).toMatchObject({ matched: remaining, replayed: remaining, remaining: 0 });
  for (const id of transfers) await people.everybodyTold(id);
  for (const id of transfers) {
    const told = (await messages(payfan)).filter(({ body }) => body.includes(id.slice(-12)));
    expect(told.map(({ to }) => to).sort()).toEqual(['+917010233310', '+917010233311']);
  }
});

test('letters that die again do not keep a replay going, and are open again', async () => {
  await behave('mailApi', { reject: true });
  const before = (await openLetters()).length;
  await people.pay(100);
  await waitFor(async () => (await openLetters()).length === before + 2, {
    what: 'two dead letters',
  });
  const outcome = await json<ReplayResult>('dead-letters', 'replay', '--all', '--rate', '1', '--yes');
  expect(outcome).toMatchObject({ matched: 2, remaining: 0 });
  await waitFor(
    async () => {
      const letters = await openLetters();
      return letters.length === 2 && letters.every(({ times }) => times > 1);
    },
    { what: 'both dying again' },
  );
  await behave('mailApi', {});
  await command('dead-letters', 'replay', '--all', '--yes');
  expect(await openLetters()).toEqual([]);
});

test('queues are shown with who consumes them, and the outbox', async () => {
  const { code, out } = await command('queues');
  expect(code).toBe(0);
  for (const channel of ['push', 'phone', 'email']) {
    for (const queue of ['interactive', 'bulk', 'retry.5s', 'retry.1h', 'dead']) {
      expect(out).toMatch(new RegExp(`^${channel}\\.${queue} `, 'm'));
    }
  }
  expect(out).toMatch(/^Outbox: \d+ waiting/m);
  expect(out).not.toContain('Not there');
  // What the broker gives up on of payouts is looked at by people alone.
  const isAttended = ({ kind, channel }: { kind: string; channel: string }) =>
    kind === 'lane' || (kind === 'dead' && channel !== 'payouts');
  // The broker counts consumers now and then.
  await waitFor(
    async () => {
      const { data } = await json<{ data: { kind: string; channel: string; consumers: number }[] }>('queues');
      return data.filter(isAttended).every(({ consumers }) => consumers > 0);
    },
    { what: 'every queue having consumers' },
  );

  const watching = begin(['queues', '--watch', '--url', payfan.url('operations')]);
  await waitFor(() => Promise.resolve(watching.said.out.split('Outbox:').length > 2), {
    what: 'a second look',
  });
  watching.child.kill('SIGINT');
  expect((await watching.ended).code).toBe(0);
});

test('deliveries shows six lines for a transfer', async () => {
  const { body: transfer } = await people.pay(100);
  await people.everybodyTold(transfer.id);
  const { code, out } = await command('deliveries', transfer.id);
  expect(code).toBe(0);
  expect(out.match(/^(push|phone|email) +(payer|payee) .* sent /gm)).toHaveLength(6);
});

test('what goes wrong is said with its remedy and an exit code', async () => {
  const url = payfan.url('operations');
  const nobody = await begin(['queues', '--url', 'http://127.0.0.1:2']).ended;
  expect(nobody).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/ECONNREFUSED.*npm start/) });
  const wrongKey = await begin(['queues', '--url', url, '--key', 'nobody']).ended;
  expect(wrongKey).toMatchObject({ code: 1, err: expect.stringContaining('--key') });
  const notOperator = await begin(['queues', '--url', url], { PAYFAN_KEY: 'demo_asha' }).ended;
  expect(notOperator).toMatchObject({ code: 1, err: expect.stringContaining('PAYFAN_KEY') });
  const noLetter = await command('dead-letters', 'show', 'email-999999');
  expect(noLetter).toMatchObject({ code: 1, err: expect.stringContaining('no dead letter email-999999') });

  for (const [args, why] of [
    [['dead-letters', 'replay'], '--all'],
    [['dead-letters', 'replay', 'email-1', '--all'], 'one way'],
    [['dead-letters', 'replay', '--rate', '0', '--all'], 'from 1 to 1000'],
    [['dead-letters', 'list', '--reason', 'bad'], 'rejected'],
    [['dead-letters', 'show', 'x'], 'email-17'],
    [['queue'], 'queues'],
    [['queues', '--url', 'ftp://x'], 'http://'],
  ] as const) {
    expect(await begin(args).ended).toMatchObject({ code: 2, out: '', err: expect.stringContaining(why) });
  }
  const elsewhere = await begin(['queues', '--url', 'http://payfan.example']).ended;
  expect(elsewhere).toMatchObject({ code: 2, err: expect.stringContaining('PAYFAN_KEY') });
});
