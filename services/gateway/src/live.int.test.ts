import { TestClient } from './testing/client.ts';
import { World } from './testing/world.ts';

jest.setTimeout(120_000);

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

test('an account is told what happens on its own topic, as it happens', async () => {
  const topic = await world.topic('demo_ravi');
  const ravi = await TestClient.connect(world.url, { key: 'demo_ravi' });
  expect(ravi.ws.protocol).toBe('payfan.v1.json');
  expect(await ravi.ask({ t: 'subscribe', topic })).toEqual({ re: 1, ok: true, seq: 0 });
  await world.pay(2);
  expect(await ravi.numbers(2)).toEqual([1, 2]);
  expect(ravi.events[0]).toMatchObject({ t: 'event', topic, type: 'transfer.credited', data: { amount: 100 } });
  await ravi.close();
});

test('whoever comes back is told what was missed, and goes on live', async () => {
  const topic = await world.topic('demo_ravi');
  await world.pay(3);
  const ravi = await TestClient.connect(world.url, { key: 'demo_ravi' });
  const head = await world.head(topic);
  await ravi.ask({ t: 'subscribe', topic, after: 1 });
  await world.pay(1);
  const numbers = await ravi.numbers(head);
  expect(numbers).toEqual(Array.from({ length: head }, (_, index) => index + 2));
  await ravi.close();
});
