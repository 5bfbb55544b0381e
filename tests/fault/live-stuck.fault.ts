import { readFileSync } from 'node:fs';
import { renderTable, type Program } from '@payfan/stack/testing';
import { BackEnd } from '../live/back-end.ts';
import { Fleet } from '../live/fleet.ts';
import { Follower } from '../live/follower.ts';
import { Sockets } from '../live/sockets.ts';
import { NOTHING_AMISS } from '../live/tally.ts';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { judgeLive } from './lib/judge-live.ts';
import { metric, moreAnswers, until } from './lib/look.ts';

const MB = 1024 * 1024;
const STUCK = 100;
/** So small that some come in each turn of the event loop: what then leaves for a client in one write is its own copy. */
const PIECE = 'x'.repeat(6_000);
/** More than a megabyte. */
const AT_ONCE = 200;
/**
 * Thrice the 10 MB that Linux, unless told, takes at most for a socket that nobody reads (tcp_wmem, tcp_rmem); only
 * what comes then waits in the gateway.
 */
const MOST_BURSTS = 30;
/** BUFFER_BYTES, the most that may wait for each; and what comes in one turn of the event loop may be on top. */
const WAITING_MB = 1;
/** What passing on takes if nobody is stuck: messages, and writes of a megabyte and more, until they are collected. */
const PASSING_ON_MB = 100;
/** A client that never reads never answers a ping, and a slow machine must not end it for that before it is cut. */
const NO_PINGS = { PING_EVERY_MS: '600000' };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start();
});
afterAll(() => fleet.stop());

/** Clients that follow `public.flood`, and read no more. */
async function stuckClients({ url }: Program): Promise<BackEnd[]> {
  const clients: BackEnd[] = [];
  for (let count = 0; count < STUCK; count += 1) {
    const client = await BackEnd.connect(url, fleet.members[1].key);
    clients.push(client);
    await client.ask({ t: 'subscribe', topic: 'public.flood' });
    client.ws.pause();
  }
  return clients;
}

/** A client that reads, and is told of each burst that was passed on. */
async function listenTo({ url }: Program): Promise<BackEnd> {
  const listener = await BackEnd.connect(url, fleet.members[0].key);
  await listener.ask({ t: 'subscribe', topic: 'public.steady' });
  return listener;
}

const cutAt = async ({ url }: Program) => (await metric(url, 'gateway_closes_total', { code: '4100' })) ?? 0;

interface Flood {
  bursts: number;
  idleMb: number;
  /** At any moment. */
  mostMb: number;
}

/**
 * By way of another gateway, so that only what is passed on counts. After each burst one event on `public.steady`, for
 * which the next one waits: what the gateway does not have yet cannot wait in it.
 */
async function flood(
  gateway: Program,
  listener: BackEnd,
  isOver: (bursts: number) => Promise<boolean>,
): Promise<Flood> {
  const other = await fleet.gateway({ FRAMES_PER_SECOND: '100000' });
  const service = await BackEnd.connect(other.url, 'demo_service');
  const idleMb = memoryMb(gateway, 'VmRSS');
  let bursts = 0;
  for (; !(await isOver(bursts)); bursts += 1) {
    const noise = { t: 'publish', topic: 'public.flood', type: 'noise', data: PIECE } as const;
    await Promise.all(Array.from({ length: AT_ONCE }, () => service.ask(noise)));
    await service.ask({ t: 'publish', topic: 'public.steady', type: 'count', data: bursts });
    await until('the burst being passed on', () => listener.events.length > bursts);
  }
  service.ws.terminate();
  return { bursts, idleMb, mostMb: memoryMb(gateway, 'VmHWM') };
}

const boundMb = ({ idleMb }: Flood) => idleMb + STUCK * WAITING_MB + PASSING_ON_MB;

async function show(gateway: Program, flooded: Flood): Promise<void> {
  const { bursts, idleMb, mostMb } = flooded;
  const eachMb = (bursts * AT_ONCE * PIECE.length) / MB;
  const figures = [STUCK, await cutAt(gateway), eachMb, idleMb, mostMb, boundMb(flooded)];
  process.stderr.write(
    `${renderTable([
      ['stuck', 'cut (4100)', 'MB for each', 'RSS before, MB', 'RSS at most, MB', 'bound, MB'],
      figures.map((figure) => figure.toFixed(Number.isInteger(figure) ? 0 : 1)),
    ])}\n`,
  );
}

fault(
  '21. a hundred clients that never read: the events that wait for them are bounded, and a client that reads gets all',
  async (run) => {
    const gateway = await fleet.gateway(NO_PINGS);
    const sockets = new Sockets();
    const [who] = fleet.members;
    const follower = new Follower({ fleet, url: gateway.url, who, sockets });
    const listener = await listenTo(gateway);
    const stuck = await stuckClients(gateway);
    try {
      await follower.live();
      const load = run.load(fleet.payfan, { clients: 1, pauseMs: 50, people: fleet.members });
      const flooded = await flood(
        gateway,
        listener,
        async (bursts) => bursts === MOST_BURSTS || (await cutAt(gateway)) === STUCK,
      );
      run.faults += STUCK;
      await moreAnswers(load);
      await load.stop();
      await until('every client that never reads being cut', async () => (await cutAt(gateway)) === STUCK);
      await show(gateway, flooded);
      await until('only those being there who read', async () => {
        return (await metric(gateway.url, 'gateway_connections', { kind: 'websocket' })) === 2;
      });
      expect(flooded.mostMb).toBeLessThan(boundMb(flooded));
      expect(listener.events.map(({ data }) => data)).toEqual([...Array(flooded.bursts).keys()]);
      expect(await judgeLive(run, fleet, [follower])).toMatchObject(NOTHING_AMISS);
      expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
    } finally {
      follower.client.close();
      for (const { ws } of [...stuck, listener]) ws.terminate();
      sockets.terminate();
    }
  },
);

fault('21. control: with nothing to bound it, the same flood goes beyond the bound', async (run) => {
  const gateway = await fleet.gateway({ ...NO_PINGS, BUFFER_BYTES: '1073741824' });
  const listener = await listenTo(gateway);
  const stuck = await stuckClients(gateway);
  run.faults += STUCK;
  try {
    const flooded = await flood(gateway, listener, (bursts) =>
      Promise.resolve(bursts === MOST_BURSTS || memoryMb(gateway, 'VmHWM') > 400),
    );
    await show(gateway, flooded);
    expect(await cutAt(gateway)).toBe(0);
    expect(flooded.mostMb).toBeGreaterThan(boundMb(flooded));
  } finally {
    for (const { ws } of [...stuck, listener]) ws.terminate();
  }
});

/** What a process has of the machine's memory now (`VmRSS`), or had at most (`VmHWM`). */
function memoryMb({ pid }: Program, which: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;
}
