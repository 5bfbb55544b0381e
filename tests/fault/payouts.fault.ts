import { randomUUID } from 'node:crypto';
import { startServers, type Servers } from '@payfan/stack/testing';
import { ASHA, linesTo, MEERA, sendPayout } from '../e2e/payout-world.ts';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { count, moreAnswers, until } from './lib/look.ts';
import { openWorld, type World } from './lib/world.ts';

let servers: Servers;
let world: World<never>;
beforeAll(async () => {
  servers = await startServers();
  world = await openWorld([], {
    servers: servers.infrastructure,
    environment: { payout: { CHUNK_ITEMS: '10' } },
  });
});
afterAll(async () => {
  await world.stop();
  await servers.stop();
});

const LINES = 100;
/** One for each lane. */
const MERCHANTS = [
  { key: 'demo_asha', to: MEERA },
  { key: 'demo_ravi', to: ASHA },
];

/** Asks for a payout on each lane, under one key each until it is taken; answers their ids. */
function sendPayouts(): Promise<string[]> {
  return Promise.all(
    MERCHANTS.map(async ({ key, to }) => {
      const asked = { key, lines: linesTo([to], LINES, {}), idempotencyKey: randomUUID() };
      let id = '';
      await until(`a payout of ${key} being taken`, async () => {
        id = await sendPayout(world.payfan, asked);
        return true;
      });
      return id;
    }),
  );
}

const list = (ids: readonly string[]) => ids.map((id) => `'${id}'`).join();
const begun = (ids: readonly string[]) =>
  count(world.payfan, `select count(*) from payout.payouts where id in (${list(ids)}) and succeeded > 0`);
const completed = (ids: readonly string[]) =>
  count(
    world.payfan,
    `select count(*) from payout.payouts where id in (${list(ids)}) and status = 'completed'`,
  );

/** Sends payouts until one of each lane is in the middle; answers the ids of all. */
async function payoutsInTheMiddle(): Promise<string[]> {
  const sent: string[] = [];
  for (;;) {
    const latest = await sendPayouts();
    sent.push(...latest);
    await until('some lines of both payouts being paid', async () => (await begun(latest)) === latest.length);
    // One lane may have been so quick that it was done before the other began.
    if ((await completed(latest)) === 0) return sent;
  }
}

const program = (name: string) => ({
  name,
  kill: () => world.payfan.program(name).kill(),
  restart: () => world.payfan.restart(name),
});

const victims = [
  {
    name: 'the broker',
    kill: () => servers.rabbitmq[0].server.kill(),
    restart: () => servers.rabbitmq[0].server.restart(),
  },
  { name: 'PostgreSQL', kill: () => servers.postgres.kill(), restart: () => servers.postgres.restart() },
  ...['transaction', 'payout', 'payout-worker-premium', 'payout-worker-free'].map(program),
];

for (const { name, kill, restart } of victims) {
  fault(`22. payouts under way on both lanes, people paying beside them: ${name} killed`, async (run) => {
    const { payfan } = world;
    const load = run.load(payfan, { clients: 2, pauseMs: 100 });
    // Beside people it takes a while, so that there is a middle.
    await moreAnswers(load);
    const early = await payoutsInTheMiddle();
    await kill();
    run.faults += 1;
    // Asked for while it is down.
    const late = sendPayouts();
    await restart();
    const all = [...early, ...(await late)];
    await until('all payouts being completed', async () => (await completed(all)) === all.length);
    await load.stop();
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  });
}

fault('22. control: a line under the name of another transfer is found', async (run) => {
  const { payfan } = world;
  const [id = ''] = await sendPayouts();
  expect(await run.judge(payfan)).toMatchObject(KEPT);
  const other = randomUUID();
  const rename = `update payout.payout_items set transfer_id = '${other}' where payout_id = '${id}' and line = 1`;
  expect(await count(payfan, `with renamed as (${rename} returning 1) select count(*) from renamed`)).toBe(1);
  const { paidOtherwise } = await run.judge(payfan);
  expect(paidOtherwise.sort()).toEqual([
    `line ${id} 1, transfer none`,
    expect.stringMatching(/^line none, transfer /),
  ]);
});
