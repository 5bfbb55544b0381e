import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { services, startServers, type Servers } from '@payfan/stack/testing';
import { linesTo, MEERA, sendPayout } from '../e2e/payout-world.ts';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { count, isRunning, moreAnswers, until } from './lib/look.ts';
import { openWorld, SLOWNESS, type World } from './lib/world.ts';

/** Services with a database of their own, and who may ask each of them for something that is read from it. */
const READS = {
  transaction: { path: '/v1/accounts/me', key: 'demo_asha' },
  push: { path: '/v1/dead-letters', key: 'demo_operator' },
  phone: { path: '/v1/dead-letters', key: 'demo_operator' },
  email: { path: '/v1/dead-letters', key: 'demo_operator' },
  payout: { path: '/v1/payouts', key: 'demo_asha' },
} as const;
type Service = keyof typeof READS;
const SERVICES = Object.keys(READS) as Service[];
const WORKERS = ['payout-worker-premium', 'payout-worker-free'] as const;

/** Product guarantees, with a factor for slow machines: 503 within 10 s, and transfers within 5 s of the return. */
const ANSWER_WITHIN_MS = SLOWNESS * 10_000;
const BACK_WITHIN_MS = SLOWNESS * 5_000;
/** Longer than any time limit on a silent database. By hand: `SILENT_SECONDS=180 npm run test:fault -- …`. */
const SILENT_MS = Number(process.env['SILENT_SECONDS'] ?? 25) * 1_000;

/** A payout of thirty chunks, so that it is under way when the first of them is recorded. */
const PAYOUT = { key: 'demo_ravi', lines: linesTo([MEERA], 300, {}) };
const CHUNK_ITEMS = '10';

let servers: Servers;
let world: World<`${Service | (typeof WORKERS)[number]} to postgres`>;
beforeAll(async () => {
  servers = await startServers();
  world = await openWorld(
    [...SERVICES, ...WORKERS].map((name) => `${name} to postgres` as const),
    { servers: servers.infrastructure, environment: { payout: { CHUNK_ITEMS } } },
  );
});
afterAll(async () => {
  await world.stop();
  await servers.stop();
});

async function get(service: Service, path: string): Promise<Response> {
  return fetch(`${world.payfan.url(service)}${path}`, {
    headers: { authorization: `Bearer ${READS[service].key}` },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
}

async function pay(key: string): Promise<Response> {
  return fetch(`${world.payfan.url('transaction')}/v1/transfers`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer demo_asha',
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify({ to: '7010233311', amount: 100, currency: 'INR' }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
}

/** A read, a transfer and the probe are answered in time, and say that the service is away. */
async function expectAway(service: Service, key: string): Promise<void> {
  const asked = [get(service, READS[service].path)];
  if (service === 'transaction') asked.push(pay(key));
  const [probe, ...answers] = await Promise.all([get(service, '/readyz'), ...asked]);
  expect([service, probe.status]).toEqual([service, 503]);
  for (const answer of answers) {
    expect([service, answer.status]).toEqual([service, 503]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
}

fault('25. PostgreSQL silent under load: packets are dropped both ways, sockets stay open', async (run) => {
  const { payfan, wires } = world;
  const programs = services.map(({ name }) => payfan.program(name));
  // Its clients wait for each answer of the service, and repeat what was answered 503.
  const load = run.load(payfan, { patienceMs: SILENT_MS + 120_000 });
  await moreAnswers(load);
  for (const service of SERVICES)
    expect([service, (await get(service, READS[service].path)).status]).toEqual([service, 200]);

  // The silence begins when lines were paid and their worker has not heard yet that this is recorded.
  const isUnderWay = wires['payout-worker-free to postgres'].freezeAfter('payout-items-record');
  const payoutId = await sendPayout(payfan, { ...PAYOUT, idempotencyKey: randomUUID() });
  await isUnderWay;
  for (const wire of Object.values(wires)) wire.hang();
  run.faults += 1;
  const endMs = performance.now() + SILENT_MS;
  let round = 0;
  do {
    round += 1;
    await Promise.all(SERVICES.map((service) => expectAway(service, `silent-${round}`)));
    await delay(500);
  } while (performance.now() < endMs);

  // What was under way is lost, as after so long a time on a network.
  for (const wire of Object.values(wires)) {
    wire.cut();
    await wire.forward();
  }
  await until('a new transfer', async () => (await pay('after')).status === 201, BACK_WITHIN_MS);
  await until('every service being ready', async () =>
    (await Promise.all(SERVICES.map((service) => get(service, '/readyz')))).every(({ ok }) => ok),
  );
  // Those that were answered 503 are repeated under their keys, as the answer asks for.
  for (let key = 1; key <= round; key += 1) {
    await until('the repeated transfer', async () => (await pay(`silent-${key}`)).status === 201);
  }
  await moreAnswers(load);
  await load.stop();
  const completed = `select count(*) from payout.payouts
                     where id = '${payoutId}' and status = 'completed' and succeeded = ${PAYOUT.lines.length}`;
  await until('the payout being completed', async () => (await count(payfan, completed)) === 1);
  const { answeredOtherwise, ...verdict } = await run.judge(payfan);
  expect({ ...verdict, answeredOtherwise: [] }).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  // Only this test's own transfers are in the ledger and not among the load's answers.
  expect(answeredOtherwise.filter((line) => !line.endsWith('committed, not answered'))).toEqual([]);
  expect(answeredOtherwise).toHaveLength(round + 1);
  const paid = "select count(*) from transaction.transfers where lane = 'bulk'";
  expect(await count(payfan, paid)).toBe(PAYOUT.lines.length);
  for (const program of programs)
    expect([program.name, await isRunning(program)]).toEqual([program.name, true]);
});
