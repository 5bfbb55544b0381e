import { renderTable } from '@payfan/stack/testing';
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
/** Nearly the largest frame that a service may send. */
const PIECE = 'x'.repeat(62_000);
/** The kernel takes some 4 MB for a socket that nobody reads; what comes then waits in the gateway. */
const MOST_PIECES = 150;
/** BUFFER_BYTES, the most that may wait for each. */
const WAITING_MB = 1;
/**
 * What passing on takes without anybody being stuck: young objects live in up to 3 · 64 MB before they are looked
 * through (`--max-semi-space-size=64`), messages of 62 kB among them.
 */
const PASSING_ON_MB = 150;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start();
}, 120_000);
afterAll(() => fleet.stop());

fault(
  '21. a hundred clients that never read: what waits for them is bounded, and who reads is told all',
  async (run) => {
    const gateway = await fleet.gateway();
    const other = await fleet.gateway({ FRAMES_PER_SECOND: '100000' });
    const residentMb = async () => ((await metric(gateway.url, 'process_resident_memory_bytes')) ?? 0) / MB;
    const cut = async () => (await metric(gateway.url, 'gateway_closes_total', { code: '4100' })) ?? 0;
    const [reader, patient] = fleet.members;
    const sockets = new Sockets();
    const follower = new Follower({ fleet, url: gateway.url, who: reader, sockets });
    const service = await BackEnd.connect(other.url, 'demo_service');
    const listener = await BackEnd.connect(gateway.url, reader.key);
    const stuck: BackEnd[] = [];
    try {
      await listener.ask({ t: 'subscribe', topic: 'public.steady' });
      for (let index = 0; index < STUCK; index += 1) {
        const client = await BackEnd.connect(gateway.url, patient.key);
        stuck.push(client);
        await client.ask({ t: 'subscribe', topic: `public.stuck.${index}` });
        client.ws.pause();
      }
      await follower.live();
      const load = run.load(fleet.payfan, { clients: 1, pauseMs: 50, people: fleet.members });
      const idleMb = await residentMb();
      let mostMb = idleMb;
      let pieces = 0;
      for (; pieces < MOST_PIECES && (await cut()) < STUCK; pieces += 1) {
        const topics = [...stuck.keys()].map((index) => `public.stuck.${index}`);
        await Promise.all(
          topics.map((topic) => service.ask({ t: 'publish', topic, type: 'noise', data: PIECE })),
        );
        await service.ask({ t: 'publish', topic: 'public.steady', type: 'count', data: pieces });
        mostMb = Math.max(mostMb, await residentMb());
      }
      run.faults += STUCK;
      await moreAnswers(load);
      await load.stop();

      process.stderr.write(
        `${renderTable([
          ['stuck', 'cut (4100)', 'published each, MB', 'RSS before, MB', 'most', 'after', 'bound'],
          [
            ...[STUCK, await cut(), (pieces * PIECE.length) / MB, idleMb, mostMb, await residentMb()],
            idleMb + STUCK * WAITING_MB + PASSING_ON_MB,
          ].map((figure) => figure.toFixed(Number.isInteger(figure) ? 0 : 1)),
        ])}\n`,
      );
      expect(await cut()).toBe(STUCK);
      await until('only those being there who read', async () => {
        return (await metric(gateway.url, 'gateway_connections', { kind: 'websocket' })) === 2;
      });
      expect(mostMb).toBeLessThan(idleMb + STUCK * WAITING_MB + PASSING_ON_MB);
      await until('the listener being told all', () => listener.events.length >= pieces);
      expect(listener.events.map(({ data }) => data)).toEqual([...Array(pieces).keys()]);
      expect(await judgeLive(run, fleet, [follower])).toMatchObject(NOTHING_AMISS);
      expect(await run.judge(fleet.payfan)).toMatchObject(KEPT);
    } finally {
      follower.client.close();
      for (const { ws } of [...stuck, listener, service]) ws.terminate();
      sockets.terminate();
    }
  },
);
