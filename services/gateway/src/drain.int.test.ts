import { LiveEventPage, type Reconnect } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import type { z } from 'zod';
import { handshake, TestClient } from './testing/client.ts';
import { EventReader } from './testing/event-reader.ts';
import { counted } from './testing/metrics.ts';
import { World } from './testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

const DRAIN_WINDOW_MS = 2_000;
const as = { headers: { authorization: 'Bearer demo_ravi' } };

test('a gateway that stops lets its clients move, each at a time of its own, and exits 0', async () => {
  const program = await world.gateway({ DRAIN_WINDOW_MS: String(DRAIN_WINDOW_MS) });
  const { url } = program;
  const topic = await world.topic('demo_ravi');
  const clients = await Promise.all(
    Array.from({ length: 4 }, () => TestClient.connect(url, { key: 'demo_ravi' })),
  );
  const heads = await Promise.all(clients.map((client) => client.ask({ t: 'subscribe', topic })));
  const reader = await EventReader.open(`${url}/v1/stream`, as);
  const poll = fetch(`${url}/v1/events?after=${heads[0]?.seq}&wait=30`, as);
  await waitFor(async () => (await counted(url, 'gateway_connections', { kind: 'poll' })) === 1, {
    what: 'the poll being under way',
  });

  const stopped = program.stop();
  // Nobody waits any more for what may not come here.
  expect(LiveEventPage.parse(await (await poll).json()).data).toEqual([]);
  const asked = clients.map((client) => {
    const isReconnect = (frame: object): frame is z.output<typeof Reconnect> =>
      't' in frame && frame.t === 'reconnect';
    return () => client.frames.find(isReconnect)?.afterMs;
  });
  await waitFor(() => Promise.resolve(asked.every((afterMs) => afterMs() !== undefined)), {
    what: 'everybody being asked to leave',
  });
  const times = asked.map((afterMs) => afterMs() ?? -1);
  expect(new Set(times).size).toBe(clients.length);
  expect(Math.max(...times)).toBeLessThan(DRAIN_WINDOW_MS);

  expect((await fetch(`${url}/readyz`)).status).toBe(503);
  expect(await handshake(url, { key: 'demo_ravi' })).toEqual({ status: 503, retryAfter: '1' });
  const late = await fetch(`${url}/v1/stream`, as);
  expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
  await late.body?.cancel();

  // One opens its new connection first, and misses nothing; events still come on the old one.
  const [mover, ...stragglers] = clients;
  const moved = await TestClient.connect(world.url, { key: 'demo_ravi' });
  await moved.ask({ t: 'subscribe', topic, after: heads[0]?.seq ?? 0 });
  await world.pay(1);
  expect(await moved.numbers(1)).toEqual(await mover?.numbers(1));
  await mover?.close();
  await moved.close();

  await reader.ended;
  expect(reader.read.map(({ event }) => event)).toContain('reconnect');
  for (const straggler of stragglers) expect(await straggler.closed).toBe(1012);
  expect(await stopped).toEqual({ code: 0, signal: null });
});

test('a gateway that stops waits for nobody who does not listen', async () => {
  const program = await world.gateway({ DRAIN_WINDOW_MS: '0' });
  const client = await TestClient.connect(program.url, { key: 'demo_ravi' });
  client.ws.pause();
  expect(await program.stop()).toEqual({ code: 0, signal: null });
  client.ws.terminate();
});

test('one that is killed loses nothing for those who resume elsewhere', async () => {
  const program = await world.gateway();
  const topic = await world.topic('demo_ravi');
  const client = await TestClient.connect(program.url, { key: 'demo_ravi' });
  const { seq = 0 } = await client.ask({ t: 'subscribe', topic });
  await program.kill();
  expect(await client.closed).toBe(1006);
  await world.pay(3);
  const again = await TestClient.connect(world.url, { key: 'demo_ravi' });
  await again.ask({ t: 'subscribe', topic, after: seq });
  expect(await again.numbers(3)).toEqual([seq + 1, seq + 2, seq + 3]);
  await again.close();
});
