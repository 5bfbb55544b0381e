import { renderTable, type Program } from '@payfan/stack/testing';
import { Balancer } from '../live/balancer.ts';
import { Fleet } from '../live/fleet.ts';
import { Follower } from '../live/follower.ts';
import { LightClient } from '../live/light-client.ts';
import { Sockets } from '../live/sockets.ts';
import { NOTHING_AMISS } from '../live/tally.ts';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { judgeLive } from './lib/judge-live.ts';
import { metric, moreAnswers, until } from './lib/look.ts';

const MEMBERS = 50;
/** Clients that connect at once where a case is not about that. */
const GROUP = 50;
const LOAD = { clients: 2, pauseMs: 40 };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start({ members: MEMBERS });
});
afterAll(() => fleet.stop());

/** So many clients, about as many of each member. */
function crowd<T>(size: number, make: (who: Fleet['members'][number]) => T): T[] {
  return Array.from({ length: size }, (_, index) => make(fleet.members[index % MEMBERS] ?? fleet.members[0]));
}

fault('19. a thousand clients come back at once, to a gateway that takes a few of them', async (run) => {
  const doomed = await fleet.gateway();
  const survivor = await fleet.gateway({ HANDSHAKES_MAX: '50' });
  const urls = [doomed.url];
  const clients = crowd(1_000, ({ key, topic }) => new LightClient({ urls, topic, bearer: key }));
  try {
    await until('everybody being there', () => clients.every(({ opened }) => opened === 1), 180_000);
    const load = run.load(fleet.payfan, { ...LOAD, people: fleet.members });
    await moreAnswers(load);
    urls.push(survivor.url);
    // While the survivor sleeps the clients gather before it, so that they come at once on a slow machine, too.
    process.kill(survivor.pid, 'SIGSTOP');
    await run.kill(doomed);
    await until(
      'most clients coming back',
      () => clients.filter(({ at }) => at === survivor.url).length > clients.length / 2,
    );
    process.kill(survivor.pid, 'SIGCONT');
    await moreAnswers(load);
    await load.stop();
    // Whoever has nothing to be told of since is not waited for by the judge.
    await until('everybody being back', () => clients.every(({ opened }) => opened > 1));
    expect(await judgeLive(run, fleet, clients)).toMatchObject(NOTHING_AMISS);
    expect(clients.filter(({ opened }) => opened !== 2)).toEqual([]);

    // The doomed one has its limit as well, and may refuse some of those who come first.
    const refusals = clients.flatMap(refusalsOf);
    const refused = await metric(survivor.url, 'gateway_handshakes_refused_total', { why: 'overloaded' });
    expect(refused).toBe(refusals.length);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { status, retryAfterSeconds } of refusals) {
      expect(status).toBe(503);
      expect([1, 2, 3, 4, 5]).toContain(retryAfterSeconds);
    }
    const most = Math.max(...clients.map((client) => refusalsOf(client).length));
    process.stderr.write(
      `${renderTable([
        ['clients', 'let in at once', 'refused once', 'more often', 'refusals', 'most for one'],
        [
          ...[clients.length, timesRefused(0), timesRefused(1)],
          ...[clients.length - timesRefused(0) - timesRefused(1), refusals.length, most],
        ].map(String),
      ])}\n`,
    );
    expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
  } finally {
    for (const client of clients) client.stop();
  }

  function timesRefused(times: number): number {
    return clients.filter((client) => refusalsOf(client).length === times).length;
  }

  function refusalsOf({ refusals }: LightClient): LightClient['refusals'] {
    return refusals.filter(({ url }) => url === survivor.url);
  }
});

fault('20. a fleet of three replaced one by one, under five hundred clients', async (run) => {
  const DRAIN_WINDOW_MS = 3_000;
  const replacement = () => fleet.gateway({ DRAIN_WINDOW_MS: String(DRAIN_WINDOW_MS) });
  const gateways: Program[] = [await replacement(), await replacement(), await replacement()];
  const connectionsAt = async (url: string) =>
    (await metric(url, 'gateway_connections', { kind: 'websocket' })) ?? 0;
  const inService = () => gateways.map(({ url }) => url);
  const sockets = new Sockets();
  const balancer = await Balancer.start(inService());
  const clients: Follower[] = [];
  const rounds: string[][] = [];
  try {
    const people = crowd(500, (who) => who);
    // In groups, because the case is about those that are there: a busy machine has too little time for all at once.
    for (let from = 0; from < people.length; from += GROUP) {
      const group = people
        .slice(from, from + GROUP)
        .map((who) => new Follower({ fleet, url: balancer.url, who, sockets }));
      clients.push(...group);
      await Promise.all(group.map((client) => client.live()));
    }
    const load = run.load(fleet.payfan, { ...LOAD, people: fleet.members });
    for (const [index, gateway] of [...gateways].entries()) {
      await moreAnswers(load);
      // As an orchestrator does: nobody new is led to one that is told to stop.
      balancer.targets = inService().filter((url) => url !== gateway.url);
      // A client that is on its way to a gateway would be counted before, or asked to leave after.
      await until('every client having one connection', async () => {
        const connected = await Promise.all(inService().map(connectionsAt));
        return connected.reduce((sum, number) => sum + number) === clients.length;
      });
      const [askedBefore, openedBefore] = [sockets.movesMs.length, sockets.opened];
      const there = await connectionsAt(gateway.url);
      const exit = await gateway.stop();
      run.faults += 1;
      await until('every client being asked', () => sockets.movesMs.length >= askedBefore + there);
      const askedMs = sockets.movesMs.slice(askedBefore);
      gateways[index] = await replacement();
      balancer.targets = inService();
      rounds.push(
        [index + 1, there, Math.min(...askedMs), Math.max(...askedMs), sockets.opened - openedBefore].map(
          String,
        ),
      );
      expect(exit).toEqual({ code: 0, signal: null });
      expect(askedMs).toHaveLength(there);
      expectSpreadOver(DRAIN_WINDOW_MS, askedMs);
    }
    await moreAnswers(load);
    await load.stop();
    const tally = await judgeLive(run, fleet, clients);
    expect(tally).toMatchObject(NOTHING_AMISS);
    expect(clients.flatMap(({ gaps }) => gaps)).toEqual([]);
    expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
  } finally {
    const { live } = run;
    process.stderr.write(
      `${renderTable([['round', 'asked to move', 'after ms', 'to', 'reconnects'], ...rounds])}\n\n${renderTable(
        [
          ['rounds', 'clients', 'events expected', 'lost', 'doubled', 'reconnects'],
          [
            ...[rounds.length, clients.length, live?.expected, live?.lost, live?.doubled],
            sockets.opened - clients.length,
          ].map(String),
        ],
      )}\n`,
    );
    for (const { client } of clients) client.close();
    await balancer.stop();
    sockets.terminate();
  }
});

/** Each tenth of the window gets its share, give or take a half. */
function expectSpreadOver(windowMs: number, momentsMs: readonly number[]): void {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const ms of momentsMs) tenths[Math.floor((10 * ms) / windowMs)]! += 1;
  const share = momentsMs.length / 10;
  expect(Math.min(...tenths)).toBeGreaterThan(share / 2);
  expect(Math.max(...tenths)).toBeLessThan(share * 1.5);
}
