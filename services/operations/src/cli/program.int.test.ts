import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { Bench, json, NOBODY } from '../http/testing.ts';
import { EXIT } from './errors.ts';
import { run } from './program.ts';
import type { Decision, Terminal } from './terminal.ts';

const bench = new Bench();
afterEach(() => bench.close());

/** Runs a command against a stand-in for operations that fails, before somebody who decides, or nobody. */
async function command(
  operations: RequestListener | string,
  args: string[],
  { decision, width }: { decision?: Decision; width?: number } = {},
) {
  const said = { out: '', err: '' };
  const terminal: Terminal = {
    print: (line) => void (said.out += `${line}\n`),
    note: (line) => void (said.err += `${line}\n`),
    progress: (line) => void (said.err += `${line}\n`),
    endProgress: () => undefined,
    paint: (_style, line) => line,
    width,
    clear: () => undefined,
    interactive: decision !== undefined,
    confirm: () => Promise.resolve(decision ?? 'no'),
  };
  const url = typeof operations === 'string' ? operations : await bench.standIn(operations);
  const config = { key: undefined, colours: false };
  const code = await run([...args, '--url', url], { terminal, config });
  return { code, ...said };
}

const problem = (status: number, code: string, detail: string) => json(status, { status, code, detail });
const replayed = (matched: number, done: number, refused = 0) => ({
  dryRun: false,
  matched,
  replayed: done,
  remaining: matched - done,
  refused,
  unavailable: [],
});

test.each<[what: string, operations: RequestListener | string, said: string]>([
  ['is not there', NOBODY, 'ECONNREFUSED). Is it running? Start it with `npm start`'],
  ['is something else', json(200, { hello: 1 }), "is not Payfan's operations, or another version of it"],
  ['answers no JSON', (_request, response) => void response.end('<html>'), "is not Payfan's operations"],
  ['hangs up', (_request, response) => void response.destroy(), 'Is it running?'],
  ['does not know the key', problem(401, 'unauthenticated', 'No.'), "No. Give an operator's key with --key"],
  ['refuses the key', problem(403, 'forbidden', 'Operators only.'), 'Operators only. Give an operator'],
  ['cannot ask the broker', problem(503, 'broker_unavailable', 'Away.'), 'Away. (503 broker_unavailable)'],
  ['fails without a word', json(500, {}), 'Operations answered 500.'],
])('an operations that %s: the remedy, and exit code 1', async (_what, operations, said) => {
  const { code, out, err } = await command(operations, ['queues']);
  expect({ code, out }).toEqual({ code: EXIT.failed, out: '' });
  expect(err).toContain(said);
});

test('a figure that the broker does not tell is shown as not known', async () => {
  const counts = { ready: null, unacked: null, consumers: null, publishRate: null, deliverRate: null };
  const queue = { name: 'email.bulk', kind: 'lane', channel: 'email', lane: 'bulk', step: null };
  const outbox = { waiting: 0, oldestAgeSeconds: 0 };
  const list = {
    data: [{ ...queue, ...counts, oldestAgeSeconds: null, pausedSeconds: null }],
    missing: [],
    outbox,
  };
  const { out } = await command(json(200, list), ['queues'], { width: 200 });
  expect(out).toMatch(/email\.bulk( +not known){5}\n/);
});

test('dead letters that cannot be replayed are counted, with the reason', async () => {
  const operations = json(200, replayed(0, 0, 2));
  const { out, err } = await command(operations, ['dead-letters', 'replay', '--all', '--dry-run']);
  expect(out).toContain('0 dead letters would be replayed.');
  expect(err).toContain(
    '2 dead letters cannot be replayed: not sent by the service that publishes such events.',
  );
});

test('a channel that did not answer is named, and the answer counts as not whole', async () => {
  const page = json(200, { data: [], nextCursor: null, unavailable: ['phone', 'email'] });
  const { code, out, err } = await command(page, ['dead-letters', 'list']);
  expect({ code, out }).toEqual({ code: EXIT.failed, out: 'No dead letters.\n' });
  expect(err).toBe('Without phone, email: no answer at the moment.\n');
});

test.each([
  ['no', EXIT.failed],
  ['interrupted', EXIT.interrupted],
] as const)('whoever decides %s has replayed nothing', async (decision, expected) => {
  const asked: string[] = [];
  const operations: RequestListener = (request, response) => {
    void text(request).then((body) => {
      asked.push(body);
      json(200, { ...replayed(7, 0), dryRun: true })(request, response);
    });
  };
  const { code, err } = await command(operations, ['dead-letters', 'replay', '--all'], { decision });
  expect(code).toBe(expected);
  expect(err).toContain('7 dead letters to be replayed, at most 50 a second on each channel.');
  expect(err).toContain('Nothing was replayed.');
  expect(asked).toEqual([JSON.stringify({ filter: {}, dryRun: true })]);
});

/** Answers each POST with the next of these; after them it hangs up. */
function oneAfterAnother(answers: object[]): RequestListener {
  const left = [...answers];
  return (request, response) => {
    const next = left.shift();
    if (next === undefined) response.destroy();
    else json(200, next)(request, response);
  };
}

test('goes on while letters remain, and says how far it came when operations dies', async () => {
  const operations = oneAfterAnother([replayed(250, 0), replayed(250, 100), replayed(150, 100)]);
  const { code, err } = await command(operations, ['dead-letters', 'replay', '--all'], { decision: 'yes' });
  expect(code).toBe(EXIT.failed);
  expect(err).toContain('Replayed 100, 150 left\nReplayed 200, 50 left\n');
  expect(err).toContain('Until then 200 of 250 were replayed.');
});

test('stops where a call gets nowhere: somebody else has what is left', async () => {
  const operations = oneAfterAnother([replayed(5, 0), replayed(5, 3), replayed(2, 0)]);
  const { code, out } = await command(operations, ['dead-letters', 'replay', '--all'], { decision: 'yes' });
  expect({ code, out }).toEqual({ code: EXIT.failed, out: '3 dead letters replayed, 2 left.\n' });
});

test('what a provider said does not steer the terminal, and fits its width', async () => {
  const letter = {
    id: 'email-17',
    channel: 'email',
    subject: 'x',
    eventId: null,
    role: null,
    transferId: null,
    payoutId: null,
    lane: null,
    reason: 'rejected',
    error: `550 \u001b[2J\u202e${'no '.repeat(90)}`,
    group: 'x',
    attempts: 1,
    times: 1,
    state: 'open',
    replays: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    lastAt: '2026-01-01T00:00:00.000Z',
  };
  const page = json(200, { data: [letter], nextCursor: 'more', unavailable: [] });
  const { out, err } = await command(page, ['dead-letters', 'list', '--limit', '1'], { width: 120 });
  for (const steering of ['\u001b', '\u202e']) expect(out).not.toContain(steering);
  expect(out).toContain('550 \\u001b[2J\\u202eno no');
  const [, line = ''] = out.split('\n');
  expect(line.length).toBeLessThanOrEqual(120);
  expect(line).toMatch(/…$/);
  expect(err).toContain('There are more');
});

test('signing-keys rotate asks the transaction service, and says when the new key signs', async () => {
  const asked: string[] = [];
  const rotation = { id: 'k-2', signsAt: '2026-01-01T00:01:30.000Z' };
  const transaction: RequestListener = (request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(rotation));
  };
  const { code, out } = await command(transaction, ['signing-keys', 'rotate']);
  expect(asked).toEqual(['POST /v1/signing-keys/rotate Bearer demo_operator']);
  expect([code, out]).toEqual([
    EXIT.done,
    expect.stringContaining('k-2 is published, and signs from 2026-01-01'),
  ]);
  expect((await command(transaction, ['signing-keys', 'rotate', '--json'])).out).toBe(
    `${JSON.stringify(rotation)}\n`,
  );
  expect((await command(NOBODY, ['signing-keys', 'rotate'])).err).toContain('Transaction does not answer');
});
