import { setTimeout as delay } from 'node:timers/promises';
import { startServers, type Servers } from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { disasters } from './lib/disasters.ts';
import { fault } from './lib/fault.ts';
import { pinXmin } from './lib/pinned-xmin.ts';
import { pick } from './lib/random.ts';
import { openWorld, type World } from './lib/world.ts';

const MINUTES = Number(process.env.PAYFAN_SOAK_MINUTES ?? 10);
/** After so many disasters everybody rests, and everything is compared. */
const ROUND = 8;
const LONGEST_PEACE_MS = 8_000;

const WIRES = [
  'transaction to postgres',
  'transaction to rabbitmq',
  'push to postgres',
  'push to rabbitmq',
  'phone to postgres',
  'phone to rabbitmq',
  'email to postgres',
  'email to rabbitmq',
] as const;

let servers: Servers;
let world: World<(typeof WIRES)[number]>;
beforeAll(async () => {
  servers = await startServers();
  world = await openWorld(WIRES, {
    servers: servers.infrastructure,
    environment: { phone: { SEND_TIMEOUT_MS: '2000' }, email: { SEND_TIMEOUT_MS: '2000' } },
  });
});
afterAll(async () => {
  await world.stop();
  await servers.stop();
});

const say = (line: string) => process.stderr.write(`${line}\n`);

fault(
  `a soak of ${MINUTES} minutes`,
  async (run) => {
    const { payfan, wires } = world;
    const letGo = pinXmin(payfan.database.adminUrl);
    const endMs = performance.now() + MINUTES * 60_000;
    say(`seed ${run.seed}`);
    while (performance.now() < endMs) {
      const load = run.load(payfan);
      for (let struck = 0; struck < ROUND && performance.now() < endMs; struck += 1) {
        await delay(LONGEST_PEACE_MS * run.random());
        const { name, strike } = pick(run.random, disasters);
        say(`  ${minutesLeft(endMs)} min left · ${load.answered.size} paid in this round · ${name}`);
        await strike({ payfan, servers, wires, random: run.random });
        run.faults += 1;
      }
      await load.stop();
      const verdict = await run.judge(payfan, { timeoutMs: 300_000 });
      const { committed, lost, unexpected, doubled, mailsSentAgain } = verdict;
      say(
        `${run.faults} disasters · ${committed} transfers · lost ${lost.length} · unexpected ${unexpected.length} · ` +
          `doubled ${doubled.length} · mails again ${mailsSentAgain.length} · at rest after ${seconds(run.healedMs)} s`,
      );
      expect(verdict).toMatchObject(KEPT);
    }
    await letGo();
  },
  MINUTES * 60_000 + 900_000,
);

const minutesLeft = (endMs: number) => ((endMs - performance.now()) / 60_000).toFixed(1);
const seconds = (ms = 0) => (ms / 1_000).toFixed(1);
