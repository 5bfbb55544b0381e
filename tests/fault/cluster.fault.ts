import { openManagement, startServers, type RabbitmqNode, type Servers } from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import type { Load } from './lib/load.ts';
import { count, moreAnswers, until } from './lib/look.ts';
import { openWorld, type World } from './lib/world.ts';

let servers: Servers;
let world: World<never>;
beforeAll(async () => {
  servers = await startServers({ rabbitmqNodes: 3 });
  world = await openWorld([], { servers: servers.infrastructure });
});
afterAll(async () => {
  await world.stop();
  await servers.stop();
});

/** Three brokers on one machine take less than one: what piles up is to be worked off in seconds. */
const LOAD = { clients: 4, pauseMs: 40 };

/** The node on which the queue's leader is, and so the one whose loss hurts most. */
async function leaderOf(queue: string): Promise<RabbitmqNode> {
  const { vhost, managementUrl } = world.payfan.vhost;
  const path = `queues/${encodeURIComponent(vhost)}/${encodeURIComponent(queue)}`;
  const { leader } = (await openManagement(managementUrl).get(path)) as { leader: string };
  const node = servers.rabbitmq.find(({ name }) => name === leader);
  if (node === undefined) throw new Error(`${queue} is led by ${leader}, which is none of ours`);
  return node;
}

/** Transfers are answered, and their events soon leave the outbox: the broker takes messages. */
async function goesOn(load: Load): Promise<void> {
  await moreAnswers(load, 50);
  const oldestSeconds = () =>
    count(
      world.payfan,
      `select coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as count
       from transaction.outbox`,
    );
  await until('publishing going on', async () => (await oldestSeconds()) < 2);
}

/** Whether all three nodes are up, and none thinks that it and another went separate ways. */
async function isWhole(): Promise<boolean> {
  const told = await servers.rabbitmq[0].control(
    'eval',
    `Told = rabbit_node_monitor:partitions(rabbit_nodes:all_running()),
     length(Told) == ${servers.rabbitmq.length} andalso lists:all(fun({_, Apart}) -> Apart == [] end, Told).`,
  );
  return told.trim() === 'true';
}

fault('18. three nodes: the leader of a queue killed under load, and started again', async (run) => {
  const load = run.load(world.payfan, LOAD);
  await goesOn(load);
  for (const queue of ['email.interactive', 'phone.interactive']) {
    const { server } = await leaderOf(queue);
    await server.kill();
    run.faults += 1;
    await goesOn(load);
    await server.restart();
  }
  await load.stop();
  expect(load.refusals.size).toBe(0);
  expect(await run.judge(world.payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
});

fault('19. three nodes: one cut off under load until the others have given it up, and back', async (run) => {
  await until('a whole cluster', isWhole);
  const load = run.load(world.payfan, LOAD);
  await goesOn(load);
  const { server, name } = await leaderOf('push.interactive');
  const others = servers.rabbitmq.filter((node) => node.name !== name);
  const seenByOthers = () =>
    Promise.all(others.map(async (node) => (await node.control('eval', 'nodes().')).includes(name)));
  server.suspend();
  run.faults += 1;
  await until('the others giving it up', async () => !(await seenByOthers()).includes(true));
  await goesOn(load);
  server.resume();
  await until('its return', async () => !(await seenByOthers()).includes(false));
  // It and the others think of each other as gone, and stay apart, until someone restarts it.
  await until('nodes that are apart', async () => !(await isWhole()));
  await goesOn(load);
  expect(await isWhole()).toBe(false);
  await server.kill();
  run.faults += 1;
  await goesOn(load);
  await server.restart();
  await until('a whole cluster', isWhole);
  await goesOn(load);
  await load.stop();
  expect(load.refusals.size).toBe(0);
  expect(await run.judge(world.payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
});
