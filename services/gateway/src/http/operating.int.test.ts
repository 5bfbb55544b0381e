import { GatewayDrain, GatewayList, GatewayStatus } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { TestClient } from '../testing/client.ts';
import { EventReader } from '../testing/event-reader.ts';
import { World } from '../testing/world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

async function call(url: string, { method = 'GET', key = 'demo_operator' } = {}) {
  const response = await fetch(url, { method, headers: { authorization: `Bearer ${key}` } });
  return { status: response.status, body: await response.json() };
}
async function statusAt(url: string): Promise<GatewayStatus> {
  const { status, body } = await call(`${url}/v1/gateway`);
  expect(status).toBe(200);
  return GatewayStatus.parse(body);
}
test('a gateway tells who is connected by which way, and what they follow', async () => {
  const before = await statusAt(world.url);
  expect(before).toMatchObject({ connections: { websocket: 0, sse: 0, polling: 0 }, draining: false });
  const client = await TestClient.connect(world.url, { key: 'demo_ravi' });
  await client.ask({ t: 'subscribe', topic: 'public.rates' });
  const reader = await EventReader.open(`${world.url}/v1/stream?topic=public.news`, {
    headers: { authorization: 'Bearer demo_ravi' },
  });
  await waitFor(async () => (await statusAt(world.url)).topics === before.topics + 2, {
    what: 'both topics being followed',
  });
  expect(await statusAt(world.url)).toMatchObject({
    id: before.id,
    connections: { websocket: 1, sse: 1, polling: 0 },
  });
  await client.close();
  reader.close();
});

test('its routes are for operators alone', async () => {
  const { id } = await statusAt(world.url);
  const strangers = ['demo_ravi', 'demo_service', 'key-of-gateway'];
  for (const key of strangers) {
    expect((await call(`${world.url}/v1/gateway`, { key })).status).toBe(403);
    expect((await call(`${world.url}/v1/gateway/${id}/drain`, { method: 'POST', key })).status).toBe(403);
  }
  expect((await statusAt(world.url)).draining).toBe(false);
});

test('one that is asked to end by another’s id goes on', async () => {
  const answer = await call(`${world.url}/v1/gateway/somebody-else/drain`, { method: 'POST' });
  expect(answer.status).toBe(404);
  expect((await statusAt(world.url)).draining).toBe(false);
});

test('operations lists it, and has it move its clients and end as on SIGTERM', async () => {
  const operations = world.payfan.url('operations');
  const gateways = async () => GatewayList.parse((await call(`${operations}/v1/gateways`)).body).data;
  const { id } = await statusAt(world.url);
  expect(await gateways()).toMatchObject([{ id, address: world.url, draining: false, error: null }]);

  const client = await TestClient.connect(world.url, { key: 'demo_ravi' });
  const { exited } = world.payfan.program('gateway');
  const drained = await call(`${operations}/v1/gateways/${id}/drain`, { method: 'POST' });
  expect([drained.status, GatewayDrain.parse(drained.body)]).toEqual([202, { id, draining: true }]);
  const isTold = () => client.frames.some((frame) => 't' in frame && frame.t === 'reconnect');
  await waitFor(() => Promise.resolve(isTold()), { what: 'the client being told' });
  // It still answers while its clients move, and may be asked again.
  expect(await gateways()).toMatchObject([{ id, draining: true }]);
  expect((await call(`${operations}/v1/gateways/${id}/drain`, { method: 'POST' })).status).toBe(202);
  expect(await client.closed).toBe(1012);
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(await gateways()).toMatchObject([{ id: world.url, draining: null, connections: null }]);

  // Whoever supervises it starts it again: it is another one.
  await world.payfan.restart('gateway');
  const [successor] = await gateways();
  expect(successor).toMatchObject({ address: world.url, draining: false, error: null });
  expect(successor?.id).not.toBe(id);
});
