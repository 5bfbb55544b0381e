import type { Transport } from '@payfan/live-client';
import { type Program, startTcpProxy, type TcpProxy } from '@payfan/stack/testing';
import { Balancer } from '../live/balancer.ts';
import { Fleet } from '../live/fleet.ts';
import { Follower, type FollowerOptions } from '../live/follower.ts';
import { Sockets } from '../live/sockets.ts';
import { NOTHING_AMISS } from '../live/tally.ts';
import { KEPT } from './lib/checker.ts';
import { fault, type FaultRun } from './lib/fault.ts';
import { judgeLive } from './lib/judge-live.ts';
import { metric, moreAnswers, until } from './lib/look.ts';

const MEMBERS = 10;
/** How each follows; most pages by WebSocket. */
const DEVICES = ['websocket', 'websocket', 'sse', 'websocket', 'websocket', 'polling'] as const;
const LOAD = { clients: 4, pauseMs: 20 };
/** What ran before may not disturb: nobody asks the log of himself. */
const NEVER = { AUDIT_EVERY_MS: '600000' };

let fleet: Fleet;
let sockets: Sockets;
const proxies: TcpProxy[] = [];
const balancers: Balancer[] = [];
const followers: Follower[] = [];
beforeAll(async () => {
  fleet = await Fleet.start({ members: MEMBERS });
});
beforeEach(() => {
  sockets = new Sockets();
});
afterEach(async () => {
  for (const { client } of followers.splice(0)) client.close();
  sockets.terminate();
  await Promise.all([...proxies.splice(0), ...balancers.splice(0)].map((one) => one.stop()));
});
afterAll(() => fleet.stop());

async function proxyTo(url: string): Promise<TcpProxy> {
  const proxy = await startTcpProxy(url);
  proxies.push(proxy);
  return proxy;
}
async function balance(...targets: string[]): Promise<Balancer> {
  const balancer = await Balancer.start(targets);
  balancers.push(balancer);
  return balancer;
}
function follow(url: string, options: Partial<FollowerOptions> = {}): Follower {
  const follower = new Follower({ fleet, url, who: fleet.members[0], sockets, ...options });
  followers.push(follower);
  return follower;
}
/** Every member follows, on several devices. Resolves when all are live. */
async function everybodyFollows(
  url: string,
  { devices = DEVICES, ...options }: { devices?: readonly Transport[] } & Partial<FollowerOptions> = {},
): Promise<void> {
  const all = fleet.members.flatMap((who) =>
    devices.map((transport) => follow(url, { who, transport, ...options })),
  );
  await Promise.all(all.map((follower) => follower.live()));
}
const burst = (run: FaultRun) => run.load(fleet.payfan, { ...LOAD, people: fleet.members });
const told = () => followers.reduce((sum, follower) => sum + follower.told.length, 0);

fault('14. a gateway killed mid-burst, twice: its clients go on at the others', async (run) => {
  let gateways = [await fleet.gateway(), await fleet.gateway()];
  const balancer = await balance(...gateways.map(({ url }) => url));
  await everybodyFollows(balancer.url);
  const load = burst(run);
  for (; run.faults < 2;) {
    await moreAnswers(load, 40);
    const [victim, ...others] = gateways as [Program, ...Program[]];
    await run.kill(victim);
    await moreAnswers(load, 40);
    gateways = [...others, await fleet.gateway()];
    balancer.targets = gateways.map(({ url }) => url);
  }
  await load.stop();
  expect(await judgeLive(run, fleet, followers)).toMatchObject(NOTHING_AMISS);
  expect(followers.flatMap(({ gaps }) => gaps)).toEqual([]);
  expect(sockets.opened).toBeGreaterThan(sockets.open);
  expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
});

describe('15. a gateway without the broker', () => {
  fault('15. cut off mid-burst, and healed: what it missed it finds in the log', async (run) => {
    const wire = await proxyTo(fleet.payfan.vhost.urlFor('gateway'));
    const gateway = await fleet.gateway({
      ...NEVER,
      AMQP_URL: wire.through(fleet.payfan.vhost.urlFor('gateway')),
    });
    const other = await fleet.gateway();
    await everybodyFollows(gateway.url);
    const load = burst(run);
    await moreAnswers(load, 40);
    await wire.refuse();
    run.faults += 1;
    // Whoever comes meanwhile is told what happened so far, and elsewhere nobody notices.
    const elsewhere = follow(other.url);
    await Promise.all([follow(gateway.url).live(), elsewhere.live()]);
    // Events that the other gateway passes on have also passed this one by.
    const before = elsewhere.told.length;
    await moreAnswers(load, 40);
    await until('events passed on elsewhere', () => elsewhere.told.length >= before + 5);
    await wire.forward();
    await load.stop();
    expect(await judgeLive(run, fleet, followers)).toMatchObject(NOTHING_AMISS);
    expect(await metric(gateway.url, 'gateway_gap_events_total')).toBeGreaterThan(0);
    expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
  });

  fault('15. that keeps silent: by asking the log now and then it tells all the same', async (run) => {
    const wire = await proxyTo(fleet.payfan.vhost.urlFor('gateway'));
    const gateway = await fleet.gateway({
      AUDIT_EVERY_MS: '500',
      AMQP_URL: wire.through(fleet.payfan.vhost.urlFor('gateway')),
    });
    await everybodyFollows(gateway.url);
    const load = burst(run);
    await moreAnswers(load, 40);
    wire.hang();
    run.faults += 1;
    await moreAnswers(load, 40);
    await load.stop();
    expect(await judgeLive(run, fleet, followers)).toMatchObject(NOTHING_AMISS);
    expect(await metric(gateway.url, 'gateway_audits_total', { found: 'behind' })).toBeGreaterThan(0);
    // What was held comes late, and twice.
    const before = told();
    await wire.forward();
    const more = burst(run);
    await moreAnswers(more, 20);
    await more.stop();
    expect(await judgeLive(run, fleet, followers)).toMatchObject(NOTHING_AMISS);
    expect(told()).toBeGreaterThan(before);
    expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
  });
});

fault('16. a gateway without the log: the live go on, newcomers wait', async (run) => {
  const wire = await proxyTo(fleet.payfan.url('push'));
  const gateway = await fleet.gateway({ PUSH_URL: wire.through(fleet.payfan.url('push')) });
  await everybodyFollows(gateway.url, { devices: ['websocket', 'websocket'] });
  const load = burst(run);
  await moreAnswers(load, 20);
  await wire.refuse();
  run.faults += 1;
  const before = told();
  const newcomers = fleet.members.map((who) => follow(gateway.url, { who }));
  await moreAnswers(load, 20);
  await until('those who were there being told', () => told() > before);
  await until('newcomers being refused for now', async () => {
    const failed = await metric(gateway.url, 'gateway_subscriptions_begun_total', { how: 'failed' });
    return (failed ?? 0) >= newcomers.length;
  });
  expect(newcomers.map(({ told }) => told.length)).toEqual(newcomers.map(() => 0));
  await wire.forward();
  await load.stop();
  expect(await judgeLive(run, fleet, followers)).toMatchObject(NOTHING_AMISS);
  expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
});

describe('17. a client that no byte reaches any more', () => {
  for (const partition of ['hang', 'holdAnswers'] as const) {
    fault(`17. ${partition}: notices by itself, and goes on elsewhere`, async (run) => {
      const [near, far] = [await fleet.gateway(), await fleet.gateway()];
      const wire = await proxyTo(near.url);
      const balancer = await balance(wire.through(near.url));
      await everybodyFollows(balancer.url, {
        devices: ['websocket', 'websocket'],
        settings: { pingAfterMs: 1_000, pongMs: 3_000, openMs: 3_000 },
      });
      const load = burst(run);
      await moreAnswers(load, 40);
      const opened = sockets.opened;
      wire[partition]();
      run.faults += 1;
      // Half of those that come back are led into the same hole again.
      balancer.targets = [wire.through(near.url), far.url];
      await moreAnswers(load, 40);
      await until('everybody being elsewhere', () => sockets.opened >= opened + followers.length);
      await moreAnswers(load, 20);
      // What was held arrives at those who have gone.
      await wire.forward();
      await moreAnswers(load, 20);
      await load.stop();
      expect(await judgeLive(run, fleet, followers)).toMatchObject(NOTHING_AMISS);
      expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
    });
  }
});

describe('18. a commit between subscribing and reading the log', () => {
  const READ = 'POST /v1/feeds/read';

  for (const trap of ['freezeAfter', 'freezeBefore'] as const) {
    fault(`18. ${trap}: told once, by the one or the other`, async (run) => {
      const wire = await proxyTo(fleet.payfan.url('push'));
      const gateway = await fleet.gateway({ ...NEVER, PUSH_URL: wire.through(fleet.payfan.url('push')) });
      const wanted = () => metric(gateway.url, 'gateway_live_messages_total', { what: 'wanted' });
      const load = run.load(fleet.payfan, {
        clients: 1,
        count: 5,
        people: [fleet.members[0], fleet.members[1]],
      });
      await load.done();
      await until('every transfer being in the feeds', () => fleet.isTold());
      const reached = wire[trap](READ);
      const [early, other] = [follow(gateway.url), follow(gateway.url, { who: fleet.members[1] })];
      await reached;
      run.faults += 1;
      const meanwhile = run.load(fleet.payfan, {
        ...{ clients: 1, count: 3, people: [fleet.members[0], fleet.members[1]] },
      });
      await meanwhile.done();
      await until('the gateway being told live', async () => ((await wanted()) ?? 0) >= 3);
      expect([...early.told, ...other.told]).toEqual([]);
      await wire.forward();
      await Promise.all([early.live(), other.live()]);
      expect(await judgeLive(run, fleet, followers)).toMatchObject(NOTHING_AMISS);
      expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
    });
  }
});
