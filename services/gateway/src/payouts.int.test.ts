import { randomUUID } from 'node:crypto';
import { Payout } from '@payfan/contracts';
import { freePort } from '@payfan/stack/testing';
import { TestClients } from './testing/client.ts';
import { World } from './testing/world.ts';

let world: World;
const clients = new TestClients();
beforeAll(async () => {
  world = await World.start();
});
afterEach(() => clients.terminate());
afterAll(() => world.stop());

const connect = (url: string, key: string) => clients.connect(url, { key });

/** Asha pays Ravi so many times. Answers the payout's id. */
async function payout(lines: number): Promise<string> {
  const item = { to: '7010233311', amount: 1, currency: 'INR' };
  const response = await fetch(`${world.payfan.url('payout')}/v1/payouts`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer demo_asha',
      'idempotency-key': randomUUID(),
      'content-type': 'application/json',
    },
    body: JSON.stringify({ items: Array.from({ length: lines }, () => item) }),
  });
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

const stream = (url: string, key: string, topic: string) =>
  fetch(`${url}/v1/stream?topic=${topic}`, { headers: { authorization: `Bearer ${key}` } });

test('its owner follows a payout to its end', async () => {
  const client = await connect(world.url, 'demo_asha');
  const id = await payout(5_000);
  expect(await client.ask({ t: 'subscribe', topic: `payout.${id}` })).toMatchObject({ ok: true });
  await client.told(
    ({ type, data }) => type === 'payout.progress' && Payout.parse(data).status === 'completed',
  );
  expect(client.events.at(-1)).toMatchObject({ topic: `payout.${id}`, data: { id, succeeded: 5_000 } });
});

test('somebody else is refused, and learns nothing of whether it exists', async () => {
  const client = await connect(world.url, 'demo_ravi');
  const refused = async (id: string) => {
    const { re: _, ...reply } = await client.ask({ t: 'subscribe', topic: `payout.${id}` });
    return JSON.parse(JSON.stringify(reply).replaceAll(id, 'ID')) as unknown;
  };
  const [existing, unknown] = [await payout(1), randomUUID()];
  expect(await refused(existing)).toMatchObject({
    ok: false,
    error: { code: 'forbidden', retryable: false },
  });
  expect(await refused(unknown)).toEqual(await refused(existing));
  for (const id of [existing, unknown]) {
    expect((await stream(world.url, 'demo_ravi', `payout.${id}`)).status).toBe(403);
  }
});

test('a topic that is left before its owner is known is not followed, and its limit counts', async () => {
  const { url } = await world.gateway({ TOPICS_PER_CONNECTION: '1' });
  const client = await connect(url, 'demo_asha');
  const topic = `payout.${await payout(1)}`;
  const first = client.say({ t: 'subscribe', topic });
  const beyond = client.say({ t: 'subscribe', topic: `payout.${randomUUID()}` });
  const left = client.say({ t: 'unsubscribe', topic });
  expect(await client.reply(beyond)).toMatchObject({ error: { code: 'too_many_topics' } });
  expect(await client.reply(first)).toMatchObject({ error: { code: 'not_subscribed' } });
  expect(await client.reply(left)).toMatchObject({ ok: true });
  expect(await client.ask({ t: 'unsubscribe', topic })).toMatchObject({ error: { code: 'not_subscribed' } });
});

test('while the payout service is away, the answer asks the owner of a payout to try again', async () => {
  const { url } = await world.gateway({ PAYOUT_URL: `http://127.0.0.1:${await freePort()}` });
  const client = await connect(url, 'demo_asha');
  const topic = `payout.${await payout(1)}`;
  expect(await client.ask({ t: 'subscribe', topic })).toMatchObject({
    ok: false,
    error: { code: 'temporarily_unavailable', retryable: true },
  });
  const answer = await stream(url, 'demo_asha', topic);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('2');
});
